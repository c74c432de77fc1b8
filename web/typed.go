package web

import (
	"io"
	"sync"
)

const (
	// mostTyped is what may wait for a sandbox that reads nothing: the longest paste
	// of the page, a million characters of up to four bytes.
	mostTyped = 4 << 20
	// mostTypedOfLearner is that for all terminals of a learner: a second one can
	// still be typed in while the first is stuck.
	mostTypedOfLearner = 2 * mostTyped
)

// pieceTyped is what is passed on at a time.
const pieceTyped = 32 << 10

// allowance is what else may wait of all that a learner types.
type allowance struct {
	mu   sync.Mutex
	left int
}

func newAllowance() *allowance { return &allowance{left: mostTypedOfLearner} }

func (a *allowance) take(n int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n > a.left {
		return false
	}
	a.left -= n
	return true
}

func (a *allowance) give(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left += n
}

// typed is what the page has sent and the terminal has not taken yet.
type typed struct {
	allowance *allowance

	mu      sync.Mutex
	changed sync.Cond
	waiting []byte
	held    int // with what was taken out of waiting and the terminal has not taken yet
	closed  bool
}

func newTyped(a *allowance) *typed {
	t := &typed{allowance: a}
	t.changed.L = &t.mu
	return t
}

// add takes what was typed, unless too much waits already. What is typed after
// the end is taken and dropped.
func (t *typed) add(data []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return true
	case t.held+len(data) > mostTyped, !t.allowance.take(len(data)):
		return false
	}
	t.held += len(data)
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
		for len(data) > 0 {
			n := min(len(data), pieceTyped)
			if _, err := w.Write(data[:n]); err != nil {
				return
			}
			data = data[n:]
			t.taken(n)
		}
	}
}

// taken notes that the terminal has taken so much.
func (t *typed) taken(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return // and all is given back
	}
	t.held -= n
	t.allowance.give(n)
}

// close drops what still waits. It may be called again.
func (t *typed) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.allowance.give(t.held)
	t.waiting, t.held, t.closed = nil, 0, true
	t.changed.Signal()
}
