package web

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lectern/gateway/auth"
)

// TestTooManyCalls of one learner, from whatever browser. Terminals, files and
// others are no part of it.
func TestTooManyCalls(t *testing.T) {
	h := newHouse(t)
	began, later := time.Now(), atomic.Int64{}
	h.server.calls.now = func() time.Time { return began.Add(time.Duration(later.Load())) } // allows no more meanwhile
	b, other := h.visit(ada), h.visit(ada)
	bob := h.visit(auth.Identity{Login: "bob", Fingerprint: "SHA256:bob"})
	for i := range callsAtOnce {
		from := b
		if i%2 == 0 {
			from = other
		}
		from.get("/api/me").want(http.StatusOK)
	}
	var calls int
	for _, r := range h.server.routes() {
		switch r.path {
		case "/ws", health, "/api/sign-in", "/api/openapi.yaml":
			continue
		}
		path := strings.NewReplacer("{id}", "s1", "{login}", "ada", "{course}", "tides").Replace(r.path)
		b.request(r.method, path, map[string]string{}).refused(http.StatusTooManyRequests, "Wait a second")
		calls++
	}
	if calls == 0 || h.server.sockets.count() != 0 {
		t.Errorf("%d calls are bounded", calls)
	}
	b.get("/").want(http.StatusOK)
	b.get("/style.css").want(http.StatusOK)
	b.get("/api/openapi.yaml").want(http.StatusOK)
	s, _ := b.enter("/ws")
	s.types("x")
	h.visit(ada)
	bob.get("/api/me").want(http.StatusOK)
	later.Store(int64(time.Second))
	for range int(time.Second / callEvery) {
		b.get("/api/me").want(http.StatusOK)
	}
	b.get("/api/me").refused(http.StatusTooManyRequests, "Wait a second")
}

// TestClassComesBack: 500 learners from one address, each with three pages that
// ask for all that a page asks for.
func TestClassComesBack(t *testing.T) {
	now := time.Now()
	c := newCalls(func() time.Time { return now })
	for learner := range 500 {
		for range 3 * 10 {
			if !c.moderate(fmt.Sprint("learner", learner)) {
				t.Fatalf("learner %d is refused", learner)
			}
		}
	}
	// Those who have asked nothing for a while are forgotten.
	now = now.Add(callsAtOnce * callEvery)
	c.moderate("another")
	if len(c.by) != 1 {
		t.Errorf("%d are remembered", len(c.by))
	}
}
