package auth

import (
	"context"
	"sync"
)

// work owns the goroutines of a Directory: it can stop them all, and waits
// for them.
type work struct {
	// ctx ends when the Directory is closed, and with no caller's context.
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	stopped bool
	running sync.WaitGroup
}

func newWork() *work {
	w := &work{}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// start runs fn in a goroutine; it is false when the work was stopped.
func (w *work) start(fn func(ctx context.Context)) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return false
	}
	w.running.Go(func() { fn(w.ctx) })
	return true
}

// stop ends all and waits.
func (w *work) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	w.cancel()
	w.running.Wait()
}
