package gateway

import (
	"context"
	"errors"
	"fmt"
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

// talkative is a backend with much to tell and nothing to give.
type talkative struct {
	sandbox.Backend
	told chan struct{}
}

func (b *talkative) Acquire(_ context.Context, _ sandbox.Spec, report func(sandbox.Phase)) (sandbox.Sandbox, error) {
	for i := range 100_000 { // lines of more than the client's window
		report(sandbox.Phase{Kind: sandbox.Queued, Position: i + 1, Length: 100_000})
	}
	close(b.told)
	return nil, &sandbox.Unavailable{Reason: "there is none"}
}

// TestClientThatTakesNoLines: it keeps nobody who makes its sandbox waiting.
func TestClientThatTakesNoLines(t *testing.T) {
	backend := &talkative{told: make(chan struct{})}
	l := newLab(t, func(o *Options) {
		backend.Backend = o.Backend
		o.Backend = backend
	})
	client := l.dial()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.StderrPipe(); err != nil { // never read
		t.Fatal(err)
	}
	if _, err := session.StdinPipe(); err != nil { // an input that does not end
		t.Fatal(err)
	}
	if err := errors.Join(session.RequestPty("xterm", 24, 80, nil), session.Start("start only")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-backend.told:
	case <-time.After(20 * time.Second):
		t.Error("making a sandbox waits for a client that reads nothing")
	}
	_ = client.Close()
}

func TestTeller(t *testing.T) {
	var said []string
	hold := make(chan struct{})
	lines := newTeller(func(line string) {
		<-hold
		said = append(said, line)
	})
	for i := range 100 {
		lines.tell(fmt.Sprint(i))
	}
	close(hold)
	lines.close()
	if len(said) < mostUntold || len(said) > 2*mostUntold || said[len(said)-1] != "99" {
		t.Errorf("of 100 lines these were told: %v", said)
	}
}

// TestStartThatFailsWithoutInput says why it failed, not that it was cancelled.
func TestStartThatFailsWithoutInput(t *testing.T) {
	s := &session{gate: newGate()}
	s.gate.close()
	wrong := errors.New("stage 2 is locked")
	err := s.unlessInterrupted(t.Context(), func(ctx context.Context) error {
		<-ctx.Done()
		return wrong
	})
	if !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
}
