package emulator

import (
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
