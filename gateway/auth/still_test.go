package auth

import (
	"context"
	"net/http"
	"testing"
	"time"
)

func TestStillAdmin(t *testing.T) {
	github := newFakeGitHub(t)
	key, other := newKey(t), newKey(t)
	github.set("root", key, other)
	github.set("alice", key)
	h := newHouse(t, github, func(o *Options) { o.Admins = []string{"root"}; o.CacheFor = time.Minute })
	root := h.welcome("root", key, Identity{Login: "root", Admin: true, Via: ViaGitHub})
	alice := h.welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
	ctx := context.Background()
	if err := h.StillAdmin(ctx, root); err != nil {
		t.Errorf("root is no admin any more: %v", err)
	}
	if err := h.StillAdmin(ctx, alice); err == nil || Passing(err) {
		t.Errorf("alice, who never was one: %v", err)
	}

	github.set("root", other)
	h.clock.advance(2 * time.Minute)
	if err := h.StillAdmin(ctx, root); err == nil || Passing(err) {
		t.Errorf("root, whose key is gone from GitHub: %v", err)
	}

	other1 := h.welcome("root", other, Identity{Login: "root", Admin: true, Via: ViaGitHub})
	github.misbehave(status(http.StatusBadGateway))
	h.clock.advance(2 * time.Minute)
	if err := h.StillAdmin(ctx, other1); err != nil {
		t.Errorf("while GitHub cannot be reached, what it said last holds: %v", err)
	}
}
