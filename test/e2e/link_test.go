//go:build e2e

package e2e

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/sandbox"
)

// wire is a way between a learner and the gateway that can be cut without a
// word: what is sent then goes nowhere, and neither end is told.
type wire struct {
	listener net.Listener
	cut      chan struct{}
	once     sync.Once
	mu       sync.Mutex
	ends     []net.Conn
	carrying sync.WaitGroup
}

// layWire forwards connections to an address.
func layWire(t *testing.T, to string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, cut: make(chan struct{})}
	w.carrying.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				return
			}
			w.mu.Lock()
			w.ends = append(w.ends, near, far)
			w.mu.Unlock()
			w.carrying.Go(func() { w.carry(near, far) })
			w.carrying.Go(func() { w.carry(far, near) })
		}
	})
	t.Cleanup(func() {
		w.sever()
		_ = listener.Close()
		w.mu.Lock()
		for _, end := range w.ends {
			_ = end.Close()
		}
		w.mu.Unlock()
		w.carrying.Wait()
	})
	return w
}

func (w *wire) carry(from, to net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-w.cut:
			_, _ = io.Copy(io.Discard, from) // it may talk on, nobody hears
			return
		default:
		}
		if _, writeErr := to.Write(buf[:n]); err != nil || writeErr != nil {
			_, _ = from.Close(), to.Close()
			return
		}
	}
}

// sever cuts the wire.
func (w *wire) sever() { w.once.Do(func() { close(w.cut) }) }

// TestLinkCutWithoutFIN loses a learner without a FIN. The gateway notices by
// its keep-alive, and the exec into the Pod goes with the connection; the next
// ssh is back in the same process.
func TestLinkCutWithoutFIN(t *testing.T) {
	l := newLab(t, func(s *setUp) { s.gateway.KeepAlive = time.Second })
	w := layWire(t, l.address)
	v := l.dial(t, "ada", w.listener.Addr().String())
	v.expect(t, "hello from")
	v.typed(t, "say before\r")
	v.expect(t, "said before")
	l.awaitAttached(t, 2, "the learner's and that of Watch, which may come after it")
	w.sever()
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
