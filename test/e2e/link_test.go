//go:build e2e

package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
)

// TestLinkCutWithoutFIN loses a learner without a FIN. The gateway notices by
// its keep-alive, and the exec into the Pod goes with the connection; the next
// ssh is back in the same process.
func TestLinkCutWithoutFIN(t *testing.T) {
	l := newLab(t, func(s *setUp) { s.gateway.KeepAlive = time.Second })
	w := lecterntest.LayWire(t, l.address)
	v := l.dial(t, "ada", w.Addr())
	v.expect(t, "hello from")
	v.typed(t, "say before\r")
	v.expect(t, "said before")
	l.awaitAttached(t, 2, "the learner's and that of Watch, which may come after it")
	w.Sever()
	l.awaitAttached(t, 1, "that of Watch alone, as the link was cut")
	again := l.start(t)
	again.expect(t, "said before")
	again.typed(t, "say after\r")
	again.expect(t, "said after")
	l.awaitAttached(t, 2, "the learner's and that of Watch, which may come after it")
}

// awaitAttached waits until so many execs are in ada's Pod.
func (l *lab) awaitAttached(t *testing.T, want int, whose string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		n := l.attached(t)
		if n == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d execs are in the Pod, want %d: %s", n, want, whose)
		}
	}
}

// attached counts the execs in ada's Pod.
func (l *lab) attached(t *testing.T) int {
	t.Helper()
	var out bytes.Buffer
	l.exec(t.Context(), t, sandbox.Name("ada"), nil, &out, "/bin/sh", "-c", `cat /proc/*/cmdline 2>/dev/null | tr '\0' ' '`)
	return strings.Count(out.String(), "hold attach --pipe")
}
