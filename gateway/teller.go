package gateway

import "sync"

// teller tells the person lines in their order without keeping those waiting
// who have something to tell: a client takes them when it likes.
type teller struct {
	mu      sync.Mutex
	lines   []string
	closed  bool
	changed chan struct{} // holds a token when there is something to do
	running sync.WaitGroup
}

// mostUntold bounds what is kept for a client that takes nothing; then the
// oldest lines, which mean least by now, are dropped.
const mostUntold = 16

func newTeller(say func(line string)) *teller {
	t := &teller{changed: make(chan struct{}, 1)}
	t.running.Go(func() {
		for range t.changed {
			lines, last := t.take()
			for _, line := range lines {
				say(line)
			}
			if last {
				return
			}
		}
	})
	return t
}

func (t *teller) take() (lines []string, last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines, t.lines = t.lines, nil
	return lines, t.closed
}

func (t *teller) wake() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// tell takes a line and returns at once.
func (t *teller) tell(line string) {
	t.mu.Lock()
	if len(t.lines) == mostUntold {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, line)
	t.mu.Unlock()
	t.wake()
}

// close waits until all lines are told. None may follow.
func (t *teller) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.wake()
	t.running.Wait()
}
