package emulator

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestQueriesDoNotBlock(t *testing.T) {
	defer goleak.VerifyNone(t)
	e := New(20, 5, 0)
	defer e.Close()
	for range 1000 { // more answers than any pipe holds
		_, _ = e.WriteString("\x1b[c\x1b[6n\x1b]11;?\x07")
	}
	_, _ = e.WriteString("shown")
	if got := e.String(); !strings.Contains(got, "shown") {
		t.Errorf("the screen is %q", got)
	}
}

func TestRepeatsAreBounded(t *testing.T) {
	e := New(20, 5, 0)
	defer e.Close()
	began := time.Now()
	_, _ = e.WriteString("a\x1b[2000000000b\x1b[2000000000I\x1b[2000000000Z\x1b[2000000000X\x1b[3bc")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a few bytes took %v", took)
	}
	if got := strings.TrimSpace(e.String()); got != "aaaac" {
		t.Errorf("the screen is %q, want the short repeat only", got)
	}
}

// A learner whose terminal is watched decides how much scrolls away, on either
// screen.
func TestWhatScrollsAwayIsBounded(t *testing.T) {
	for _, screen := range []string{"", "\x1b[?1049h"} {
		for _, kept := range []int{0, 3} {
			e := New(200, 2, kept)
			_, _ = e.WriteString(screen)
			before := inUse()
			for range 5000 {
				_, _ = e.WriteString(strings.Repeat("x", 199) + "\r\n")
			}
			if n := int(inUse()-before) >> 20; n > 4 {
				t.Errorf("%d MiB are kept of %q, asked for %d lines", n, screen, kept)
			}
			if n := e.Scrollback().Len(); n > kept {
				t.Errorf("%d lines are kept, asked for %d", n, kept)
			}
			e.Close()
		}
	}
}

func inUse() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
