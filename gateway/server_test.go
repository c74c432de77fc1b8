package gateway

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"charm.land/ssh"
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
