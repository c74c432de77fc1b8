package gateway

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
)

func TestExitStatuses(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	for command, want := range map[string]int{
		"help": 0, "help stages": 0, "help help": 0, "help nonsense": 1, "help \x1b[2J": 1,
		"whoami": 0, "nonsense": 1, "stages": 1, "stages nothing": 1,
	} {
		session, err := client.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		err = session.Run(command)
		got := 0
		if status, ok := err.(*ssh.ExitError); ok {
			got = status.ExitStatus()
		} else if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		if got != want {
			t.Errorf("%s ended with %d, want %d", command, got, want)
		}
	}
}

// fragile is a backend with a fault in it.
type fragile struct {
	sandbox.Backend
	finding, making atomic.Bool // where it breaks
	hanging         atomic.Bool // Find waits for the end of its context
	reached         chan struct{}
}

func (f *fragile) Find(ctx context.Context, login string) (sandbox.Sandbox, bool, error) {
	if f.finding.Load() {
		panic("a fault in Find")
	}
	if f.hanging.Load() {
		f.reached <- struct{}{}
		<-ctx.Done()
		return nil, false, ctx.Err()
	}
	return f.Backend.Find(ctx, login)
}

func (f *fragile) Acquire(ctx context.Context, spec sandbox.Spec, report func(sandbox.Phase)) (sandbox.Sandbox, error) {
	if f.making.Load() {
		panic("a fault in Acquire")
	}
	return f.Backend.Acquire(ctx, spec, report)
}

// TestFaultOfOneSession: it ends that session, with a sentence and a status,
// and no other.
func TestFaultOfOneSession(t *testing.T) {
	var backend *fragile
	l := newLab(t, func(o *Options) {
		backend = &fragile{Backend: o.Backend}
		o.Backend = backend
		o.Log = slog.New(slog.DiscardHandler)
	})
	client := l.dial()
	bystander := open(t, client, "")
	bystander.shows("Only stage")
	wantFault := func(c *terminal) {
		t.Helper()
		c.expect("Something went wrong.*connect again")
		var status *ssh.ExitError
		if err := c.session.Wait(); !errors.As(err, &status) || status.ExitStatus() != 1 {
			t.Errorf("the session ended with %v, want status 1", err)
		}
	}
	backend.finding.Store(true)
	wantFault(open(t, client, ""))
	backend.finding.Store(false)

	backend.making.Store(true)
	wantFault(open(t, client, "start only"))
	inPicker := open(t, client, "")
	inPicker.shows("Only stage")
	inPicker.types("\r")
	wantFault(inPicker)
	backend.making.Store(false)

	bystander.types("\r")
	bystander.expect("hello from")
}

// TestLeavingIsNoFault: a client may go while something is looked up for it.
func TestLeavingIsNoFault(t *testing.T) {
	var log bytes.Buffer
	backend := &fragile{reached: make(chan struct{})}
	l := newLab(t, func(o *Options) {
		backend.Backend, o.Backend = o.Backend, backend
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	backend.hanging.Store(true)
	client := l.dial()
	open(t, client, "")
	<-backend.reached
	_ = client.Close()
	if err := l.stop(); err != nil { // waits for the session
		t.Error(err)
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("the log says %s", &log)
	}
}

// TestHugeTerminals: a size that can be meant is cut to what is useful, since
// a screen costs memory by the cell, and one that cannot is refused.
func TestHugeTerminals(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	pty := func(cols, rows int) *terminal {
		t.Helper()
		session, err := client.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = session.Close() })
		c := &terminal{t: t, session: session, screen: lecterntest.NewScreenOf(160, 50)}
		session.Stdout, session.Stderr = c.screen, c.screen
		if err := session.RequestPty("xterm", rows, cols, nil); err != nil {
			t.Fatal(err)
		}
		if err := session.Shell(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	pty(hugeCols, hugeRows).shows("Only stage")
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 64<<20 {
		t.Errorf("a terminal of %d×%d cells holds %d MB", hugeCols, hugeRows, held>>20)
	}
	for _, size := range [][2]int{{hugeCols + 1, 24}, {80, hugeRows + 1}, {10_000, 10_000}, {1 << 31, 1 << 31}} {
		c := pty(size[0], size[1])
		c.expect("larger than 2000×800 cells: make the window smaller")
		if err := c.session.Wait(); err == nil {
			t.Errorf("a terminal of %v ended with status 0", size)
		}
	}
}
