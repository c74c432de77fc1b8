package web

import (
	"io"
	"sync"
)

// mostTyped is what may wait for a sandbox that reads nothing: the longest paste
// of the page, a million characters of up to four bytes.
const mostTyped = 4 << 20

// pieceTyped is what is passed on at a time.
const pieceTyped = 32 << 10

// typed is what the page has sent and the terminal has not taken yet.
type typed struct {
	mu      sync.Mutex
	changed sync.Cond
	waiting []byte
	writing int // of what was taken out of waiting, what the terminal has not taken yet
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
	if t.writing+len(t.waiting)+len(data) > mostTyped {
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
		t.waiting, t.writing = nil, len(data)
		t.mu.Unlock()
		if closed {
			return
		}
		for len(data) > 0 {
			n := min(len(data), pieceTyped)
			if _, err := w.Write(data[:n]); err != nil {
				return
			}
			data = data[n:]
			t.mu.Lock()
			t.writing = len(data)
			t.mu.Unlock()
		}
	}
}

func (t *typed) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.changed.Signal()
}
