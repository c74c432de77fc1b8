package conformance

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
)

// client is a learner's terminal, played by a test.
type client struct {
	t      *testing.T
	in     *io.PipeWriter
	sizes  chan sandbox.Size
	detach context.CancelFunc
	ended  chan sandbox.Exit
	screen *lecterntest.Screen // a watcher's shows "<cols×rows>" where it is told a size
}

func (s *suite) attach(t *testing.T, sb sandbox.Sandbox, mode sandbox.AttachMode) *client {
	t.Helper()
	return s.attachAs(t, sb, mode, sandbox.Terminal{})
}

// attachAs attaches with a terminal of which the epoch and the watcher are given.
func (s *suite) attachAs(t *testing.T, sb sandbox.Sandbox, mode sandbox.AttachMode, as sandbox.Terminal) *client {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(s.ctx)
	c := &client{
		t: t, in: w, sizes: make(chan sandbox.Size, 1), detach: cancel,
		ended: make(chan sandbox.Exit, 1), screen: lecterntest.NewScreen(),
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		exit, err := sb.Attach(ctx, mode, sandbox.Terminal{
			In: r, Out: c.screen, Size: sandbox.Size{Cols: 80, Rows: 24}, Resizes: c.sizes,
			Epoch: as.Epoch, Returning: as.Returning, Joined: as.Joined, Watcher: as.Watcher,
			Sized: func(s sandbox.Size) { _, _ = fmt.Fprintf(c.screen, "<%d×%d>", s.Cols, s.Rows) },
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

func (c *client) all() string { return c.screen.All() }

func (c *client) typed(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, text); err != nil {
		c.t.Fatalf("type: %v", err)
	}
}

func (c *client) expect(pattern string) string {
	c.t.Helper()
	return c.screen.Expect(c.t, pattern)
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
