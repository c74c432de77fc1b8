package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"charm.land/ssh"

	"lectern/sandbox"
)

// TestShutdownWithoutAnEnd: a session that never ends does not keep the process
// from ending.
func TestShutdownWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{ssh: &ssh.Server{}, log: slog.New(slog.DiscardHandler)}
		s.ctx, s.cancel = context.WithCancelCause(t.Context())
		if !s.enter() {
			t.Fatal("the server lets nobody in")
		}
		began := time.Now()
		if err := s.shutdown(); !errors.Is(err, errStuck) {
			t.Errorf("shutdown returned %v", err)
		}
		if took := time.Since(began); took > farewell+windUp {
			t.Errorf("shutdown took %s", took)
		}
		s.leave()
	})
}

// empty is a Backend without sandboxes.
type empty struct{ sandbox.Backend }

func (empty) Watch(ctx context.Context, _ func(context.Context, sandbox.Change) error) error {
	<-ctx.Done()
	return nil
}

func (empty) List(context.Context) ([]sandbox.Info, error) { return nil, nil }

// TestStopBeforeItHasBegun: a gateway that is told to end while it starts does
// so, whatever the SSH library has got to by then.
func TestStopBeforeItHasBegun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	key := filepath.Join(t.TempDir(), "host_key")
	for range 200 {
		s, err := New(Options{HostKey: key, Backend: empty{}, Grace: time.Hour, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(ctx, listener) }()
		select {
		case err := <-served:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(10 * time.Second):
			_ = listener.Close()
			t.Fatal("it does not end")
		}
	}
}
