package lecterntest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Wire is a way to a server that can be lost: with a word, as when somebody pulls
// a plug beside either end, and without one.
type Wire struct {
	listener net.Listener
	silent   chan struct{} // closed once it carries nothing any more
	silence  sync.Once
	carrying sync.WaitGroup

	mu   sync.Mutex
	down bool
	ends map[net.Conn]struct{}
}

// LayWire forwards connections to an address.
func LayWire(t *testing.T, to string) *Wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{listener: listener, silent: make(chan struct{}), ends: make(map[net.Conn]struct{})}
	w.carrying.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			w.join(near, to)
		}
	})
	t.Cleanup(func() {
		w.Sever()
		_ = listener.Close()
		w.Drop()
		w.carrying.Wait()
	})
	return w
}

// Addr is where the near end is.
func (w *Wire) Addr() string { return w.listener.Addr().String() }

// Sever has the wire carry nothing any more, without telling either end.
func (w *Wire) Sever() { w.silence.Do(func() { close(w.silent) }) }

// Drop closes all that it carries, and what comes, until Mend.
func (w *Wire) Drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for end := range w.ends {
		_ = end.Close()
	}
}

// Mend lets through what comes from now on.
func (w *Wire) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

func (w *Wire) join(near net.Conn, to string) {
	far, err := net.Dial("tcp", to)
	if err != nil {
		_ = near.Close()
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		_, _ = near.Close(), far.Close()
		return
	}
	w.ends[near], w.ends[far] = struct{}{}, struct{}{}
	w.carrying.Go(func() { w.carry(near, far) })
	w.carrying.Go(func() { w.carry(far, near) })
}

func (w *Wire) carry(from, to net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-w.silent:
			_, _ = io.Copy(io.Discard, from) // it may talk on, nobody hears
			return
		default:
		}
		if _, failed := to.Write(buf[:n]); err != nil || failed != nil {
			break
		}
	}
	_, _ = from.Close(), to.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.ends, from)
	delete(w.ends, to)
}
