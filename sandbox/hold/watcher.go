package hold

import (
	"slices"

	"lectern/sandbox"
)

// Watchers are terminals that only look. They are given what the one that types is
// given, and learn for which size it is drawn; the tutor waits for none of them.

// maxName is the longest name of a watcher, in characters.
const maxName = 64

// watcherName is the name of one who says so; nobody watches without one.
func watcherName(said string) string {
	if name := sandbox.Line(said, maxName); name != "" {
		return name
	}
	return "somebody"
}

func (h *holder) watch(t *terminal) {
	h.mu.Lock()
	if h.exit == nil { // else it hears of the end, and no more
		now := h.screen.picture(h.size)
		t.first = &now
		h.watchers = append(h.watchers, t)
		h.watches++
		h.moved()
	}
	h.mu.Unlock()
	h.name()
}

// unwatch is leave of a watcher.
func (h *holder) unwatch(t *terminal) {
	h.mu.Lock()
	h.watchers = slices.DeleteFunc(h.watchers, func(w *terminal) bool { return w == t })
	h.moved()
	h.mu.Unlock()
	h.name()
}

// names tells who watches, each once. It is called with the mutex held.
func (h *holder) names() []string {
	var names []string
	for _, w := range h.watchers {
		if !slices.Contains(names, w.watcher) {
			names = append(names, w.watcher)
		}
	}
	return names
}

// show gives the watchers a piece, where they take it. It is called with the mutex
// held.
func (h *holder) show(p piece) {
	for _, w := range h.watchers {
		if !w.behind.Load() && !w.offer(p) {
			w.behind.Store(true)
		}
	}
}

// catchUp gives a watcher that has missed output a fresh picture, once it has
// taken all that waited: a picture costs much, and one that takes nothing needs
// none.
func (h *holder) catchUp(t *terminal) error {
	if !t.behind.Load() || len(t.queue) > 0 {
		return nil
	}
	h.mu.Lock()
	now := h.screen.picture(h.size)
	t.behind.Store(false) // what comes from here on is queued behind it
	h.mu.Unlock()
	return t.picture(now)
}
