package conformance

import (
	"context"
	"io"
	"regexp"
	"sync"
	"testing"
	"time"

	"lectern/sandbox"
)

// client is a learner's terminal, played by a test.
type client struct {
	t      *testing.T
	in     *io.PipeWriter
	sizes  chan sandbox.Size
	detach context.CancelFunc
	ended  chan sandbox.Exit

	mu   sync.Mutex
	seen []byte
	from int           // expect looks from here on
	more chan struct{} // holds a token when seen has grown
}

func (s *suite) attach(t *testing.T, sb sandbox.Sandbox, mode sandbox.AttachMode) *client {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(s.ctx)
	c := &client{
		t: t, in: w, sizes: make(chan sandbox.Size, 1), detach: cancel,
		ended: make(chan sandbox.Exit, 1), more: make(chan struct{}, 1),
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		exit, err := sb.Attach(ctx, mode, sandbox.Terminal{
			In: r, Out: c, Size: sandbox.Size{Cols: 80, Rows: 24}, Resizes: c.sizes,
		})
		if err != nil {
			t.Errorf("attach: %v", err)
		}
		c.ended <- exit
	}()
	t.Cleanup(func() {
		cancel()
		_ = w.Close()
		<-finished
	})
	return c
}

// Write takes the tutor's output.
func (c *client) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.seen = append(c.seen, p...)
	c.mu.Unlock()
	select {
	case c.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (c *client) all() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.seen)
}

func (c *client) typed(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, text); err != nil {
		c.t.Fatalf("type: %v", err)
	}
}

// expect waits for output that matches, after what was expected before.
func (c *client) expect(pattern string) string {
	c.t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		at := re.FindIndex(c.seen[c.from:])
		if at != nil {
			found := string(c.seen[c.from+at[0] : c.from+at[1]])
			c.from += at[1]
			c.mu.Unlock()
			return found
		}
		seen := c.seen[max(c.from, len(c.seen)-500):]
		c.mu.Unlock()
		select {
		case <-c.more:
		case <-timeout:
			c.t.Fatalf("no output matches %q; the last was %q", pattern, seen)
		}
	}
}

func (c *client) wantEnding(want sandbox.Ending) sandbox.Exit {
	c.t.Helper()
	select {
	case exit := <-c.ended:
		if exit.Ending != want {
			c.t.Errorf("it ended by %q (%+v), want %q", exit.Ending, exit, want)
		}
		return exit
	case <-time.After(20 * time.Second):
		c.t.Fatalf("it did not end, want %q", want)
		return sandbox.Exit{}
	}
}
