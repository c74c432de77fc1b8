//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// steps is output of which a test waits for one part after the other. It looks
// only at what is new, so that waiting costs the same however much has come. Of
// a picker it can wait for what the first picture has, which is drawn on an empty
// screen and so written whole.
type steps struct {
	more chan []byte
	rest []byte
}

func newSteps() *steps { return &steps{more: make(chan []byte, 1024)} }

func (s *steps) Write(p []byte) (int, error) {
	s.more <- bytes.Clone(p)
	return len(p), nil
}

func (s *steps) wait(t *testing.T, text string) {
	t.Helper()
	if err := s.until(text, time.Minute); err != nil {
		t.Fatal(err)
	}
}

// until waits for text and forgets all that came before it.
func (s *steps) until(text string, limit time.Duration) error {
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		if _, after, ok := bytes.Cut(s.rest, []byte(text)); ok {
			s.rest = after
			return nil
		}
		s.rest = s.rest[max(0, len(s.rest)-max(len(text), 2<<10)):] // some of it for the message
		select {
		case p := <-s.more:
			s.rest = append(s.rest, p...)
		case <-timeout.C:
			return fmt.Errorf("no output has %q; the last is %q", text, s.rest)
		}
	}
}

// visit is a learner's stay in their sandbox, by SSH.
type visit struct {
	client *ssh.Client
	in     io.Writer
	out    *steps
	done   chan struct{}
}

// start is `ssh -t lab@host start only`, as ada.
func (l *lab) start(t *testing.T) *visit {
	t.Helper()
	return l.startAs(t, "ada")
}

func (l *lab) startAs(t *testing.T, login string) *visit {
	t.Helper()
	return l.dial(t, login, l.address)
}

// dial is startAs by way of another address.
func (l *lab) dial(t *testing.T, login, address string) *visit {
	t.Helper()
	client, err := ssh.Dial("tcp", address, &ssh.ClientConfig{
		User: "lab", Auth: []ssh.AuthMethod{ssh.PublicKeys(l.signers[login])},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	v := &visit{client: client, out: newSteps(), done: make(chan struct{})}
	session.Stdout, session.Stderr = v.out, v.out
	if v.in, err = session.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := session.RequestPty("xterm-256color", 24, 200, nil); err != nil {
		t.Fatal(err)
	}
	if err := session.Start("start only"); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(v.done)
		_ = session.Wait()
	}()
	t.Cleanup(v.drop)
	return v
}

func (v *visit) typed(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(v.in, text); err != nil {
		t.Fatal(err)
	}
}

func (v *visit) expect(t *testing.T, text string) {
	t.Helper()
	v.out.wait(t, text)
}

// ended waits until the server ends the session.
func (v *visit) ended(t *testing.T) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case <-v.out.more:
		case <-v.done:
			return
		case <-timeout:
			t.Fatal("the session did not end")
		}
	}
}

// drop loses the link.
func (v *visit) drop() {
	_ = v.client.Close()
	for {
		select {
		case <-v.out.more:
		case <-v.done:
			return
		}
	}
}

// kill ends a learner's sandbox.
func (l *lab) kill(t *testing.T, login string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if sb, ok, err := l.backend.Find(ctx, login); err != nil {
		t.Error(err)
	} else if ok {
		if err := sb.Kill(ctx, "the test is over"); err != nil {
			t.Error(err)
		}
	}
}
