package web

import (
	"io"
	"sync"
)

// mostTyped is what may wait for a sandbox that reads nothing: the longest paste
// of the page, a million characters of up to four bytes.
const mostTyped = 4 << 20

// typed is what the page has sent and the terminal has not taken yet.
type typed struct {
	mu      sync.Mutex
	changed sync.Cond
	waiting []byte
	closed  bool
}

func newTyped() *typed {
	t := &typed{}
	t.changed.L = &t.mu
	return t
}

// add takes what was typed, unless too much waits already.
func (t *typed) add(data []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting)+len(data) > mostTyped {
		return false
	}
	t.waiting = append(t.waiting, data...)
	t.changed.Signal()
	return true
}

// writeTo passes it on until close, or until w takes no more.
func (t *typed) writeTo(w io.Writer) {
	for {
		t.mu.Lock()
		for len(t.waiting) == 0 && !t.closed {
			t.changed.Wait()
		}
		data, closed := t.waiting, t.closed
		t.waiting = nil
		t.mu.Unlock()
		if closed {
			return
		}
		if _, err := w.Write(data); err != nil {
			return
		}
	}
}

func (t *typed) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.changed.Signal()
}
