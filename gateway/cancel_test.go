package gateway

import (
	"context"
	"testing"

	"lectern/sandbox"
)

// unstoppable is a backend that makes sandboxes whether or not somebody still
// wants them, as one does that is cancelled at the last moment.
type unstoppable struct {
	sandbox.Backend
	making, made chan struct{}
}

func (u *unstoppable) Acquire(ctx context.Context, spec sandbox.Spec, report func(sandbox.Phase)) (sandbox.Sandbox, error) {
	u.making <- struct{}{}
	<-u.made
	return u.Backend.Acquire(context.WithoutCancel(ctx), spec, report)
}

// TestCancelledStartThatSucceeds: its sandbox is not in the way of the next
// start, nor of the end of the session.
func TestCancelledStartThatSucceeds(t *testing.T) {
	backend := &unstoppable{making: make(chan struct{}), made: make(chan struct{})}
	l := newLab(t, func(o *Options) {
		backend.Backend = o.Backend
		o.Backend = backend
	})
	c := open(t, l.dial(), "")
	c.shows("Only stage")
	c.types("\r")
	<-backend.making
	c.types("\x03")
	c.shows("Cancelling")
	backend.made <- struct{}{}
	c.shows("Start cancelled")
	c.types("\r")
	c.expect("hello from")
	c.types("exit 0\r")
	c.shows("Only stage")
	c.types("q")
	if err := c.session.Wait(); err != nil {
		t.Errorf("the session ended with %v", err)
	}
}
