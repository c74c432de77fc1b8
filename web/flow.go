package web

import (
	"context"
	"sync"
	"time"
)

// window is how many bytes may be on their way to the page without its having
// drawn them. Beyond, the SSH channel is not read, whose own window (RFC 4254
// section 5.2) then stops the sandbox: a WebSocket alone would let a flood pile
// up in the browser, and Ctrl-C would wait behind all of it.
const window = 400 << 10

// flow counts what was sent and what the page has drawn.
type flow struct {
	mu          sync.Mutex
	changed     sync.Cond
	sent, drawn int64
	closed      bool
}

func newFlow() *flow {
	f := &flow{}
	f.changed.L = &f.mu
	return f
}

// wait returns once there is room, and false when the page has gone.
func (f *flow) wait() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.sent-f.drawn >= window && !f.closed {
		f.changed.Wait()
	}
	return !f.closed
}

func (f *flow) send(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent += int64(n)
}

// acknowledge takes the page's count of all that it has drawn; false means that
// it cannot be right.
func (f *flow) acknowledge(drawn int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if drawn < f.drawn || drawn > f.sent {
		return false
	}
	f.drawn = drawn
	f.changed.Broadcast()
	return true
}

func (f *flow) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.changed.Broadcast()
}

// closeWhenStuck closes the flow once nothing was drawn for a while, unless ctx
// ends before.
func (f *flow) closeWhenStuck(ctx context.Context, after time.Duration) {
	tick := time.NewTicker(after)
	defer tick.Stop()
	for before := f.progress(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := f.progress()
		if now == before {
			f.close()
			return
		}
		before = now
	}
}

func (f *flow) progress() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.drawn
}
