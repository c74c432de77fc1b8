package gateway

import (
	"sync"

	"lectern/sandbox"
)

// window is the size of a learner's terminal. The client may change it at any
// time and as often as it likes: only the newest size is kept, so that nobody
// has to keep up.
type window struct {
	mu       sync.Mutex
	size     sandbox.Size
	follower chan sandbox.Size  // who is told; nil: nobody
	watcher  func(sandbox.Size) // who is told besides, of every size; may be nil
}

func (w *window) set(size sandbox.Size) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.size = size
	if w.watcher != nil {
		w.watcher(size)
	}
	if w.follower == nil {
		return
	}
	select {
	case <-w.follower:
	default:
	}
	w.follower <- size
}

// follow returns the size now and a channel of newer ones, until stop. One
// follower at a time: the newest is told.
func (w *window) follow() (now sandbox.Size, newer <-chan sandbox.Size, stop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	follower := make(chan sandbox.Size, 1)
	w.follower = follower
	return w.size, follower, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.follower == follower {
			w.follower = nil
		}
	}
}

// watch tells watcher, which must not wait for anything, of every size from now
// on. It returns the size now.
func (w *window) watch(watcher func(sandbox.Size)) (now sandbox.Size) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watcher = watcher
	return w.size
}
