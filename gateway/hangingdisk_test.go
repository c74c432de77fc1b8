package gateway

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"lectern/sandbox"
)

// stuck is a log that takes nothing until it is freed. The trail complains to it of
// a disk that fails, so it is as if that disk hung.
type stuck struct {
	slog.Handler
	free chan struct{}
}

func (s stuck) Enabled(context.Context, slog.Level) bool { return true }

func (s stuck) Handle(context.Context, slog.Record) error {
	<-s.free
	return nil
}

// TestDiskOfTheTrailHangs: the ends of sandboxes are told by one goroutine for all
// learners, and an instructor may have to end one just then.
func TestDiskOfTheTrailHangs(t *testing.T) {
	dir, free := t.TempDir()+"/audit", make(chan struct{})
	l, a := newAdminLab(t, audited(t, dir, slog.New(stuck{slog.DiscardHandler, free})))
	let := sync.OnceFunc(func() { close(free) })
	t.Cleanup(let)
	open(t, l.dial(), "").enter()
	info, err := a.find(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	told, killed := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(told)
		l.server.ended(sandbox.Info{Login: "bob", Session: "s", CourseID: "only", Stage: 1}, sandbox.Exit{Ending: sandbox.Exited})
	}()
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Error("the end of a sandbox waits for the disk")
	}
	go func() { killed <- a.kill(context.WithoutCancel(t.Context()), info.Session, "") }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, ok, err := l.server.Backend.Find(t.Context(), "ada"); err == nil && !ok {
			break
		}
		if time.Now().After(deadline) {
			t.Error("an admin cannot end a session")
			break
		}
	}
	let()
	if err := <-killed; err != nil {
		t.Error(err)
	}
	<-told
}
