package gateway

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/sandbox"
)

// fill takes the only place of a house.
func (l *lab) fill() {
	l.t.Helper()
	if _, err := l.server.Backend.Acquire(l.t.Context(), sandbox.Spec{
		Login: "bob", Session: newSessionID(), CourseID: "only", CourseDir: l.dir, Stage: 1,
	}, func(sandbox.Phase) {}); err != nil {
		l.t.Fatal(err)
	}
}

func (c *terminal) wantStatus(want int) {
	c.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- c.session.Wait() }()
	select {
	case err := <-ended:
		var status *ssh.ExitError
		if !errors.As(err, &status) || status.ExitStatus() != want {
			c.t.Errorf("the session ended with %v, want status %d", err, want)
		}
	case <-time.After(10 * time.Second):
		c.t.Fatal("the session does not end")
	}
}

func TestStartCommandCanBeCancelled(t *testing.T) {
	for name, leave := range map[string]func(*terminal){
		"Ctrl-C":           func(c *terminal) { c.types("typed ahead\x03") },
		"end of the input": func(c *terminal) { _ = c.in.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, func(o *Options) { o.MaxSessions = 1 })
			l.fill()
			c := open(t, l.dial(), "start only")
			c.expect("you are number 1 of 1")
			leave(c)
			c.expect("the start was cancelled")
			c.wantStatus(1)
			if n := l.server.lifecycle.Waiting(); n != 0 {
				t.Errorf("%d wait in the queue still", n)
			}
		})
	}
}

// TestTypedAheadOfTheTutor: what is typed while the sandbox starts is not lost.
func TestTypedAheadOfTheTutor(t *testing.T) {
	l := newLab(t, func(o *Options) { o.MaxSessions = 1 })
	l.fill()
	c := open(t, l.dial(), "start only")
	c.expect("you are number 1 of 1")
	c.types("say early\r")
	bob, ok, err := l.server.Backend.Find(t.Context(), "bob")
	if err != nil || !ok {
		t.Fatalf("the other learner's sandbox is not there: %v", err)
	}
	if err := bob.Kill(t.Context(), "the place is needed"); err != nil {
		t.Fatal(err)
	}
	c.expect("said early")
}
