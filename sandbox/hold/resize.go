package hold

import (
	"time"

	"lectern/sandbox"
)

// The tutor's terminal gets its size from whoever holds sizing, and always the
// newest one: of several who come at once the last must not be outdone by one
// that was slower.

// begin starts the tutor on a terminal of the right size.
func (h *holder) begin() {
	h.sizing.Lock()
	defer h.sizing.Unlock()
	h.tutor.start(h.newestSize())
}

// fit gives the terminal the newest size.
func (h *holder) fit() {
	h.sizing.Lock()
	defer h.sizing.Unlock()
	h.tutor.resize(h.newestSize())
}

// nudge makes the tutor draw everything anew: programs do so when the size
// changes, so it changes and changes back.
func (h *holder) nudge() {
	h.sizing.Lock()
	defer h.sizing.Unlock()
	other := h.newestSize()
	if other.Rows--; other.Rows == 0 {
		other.Rows = 2
	}
	select {
	case <-h.drawn:
	default:
	}
	h.tutor.resize(other)
	select {
	case <-h.drawn:
	case <-h.ended:
	case <-time.After(100 * time.Millisecond): // it does not care
	}
	h.tutor.resize(h.newestSize())
}

func (h *holder) newestSize() sandbox.Size {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.size
}

// setSize takes note of the newest size, before the tutor hears of it. It is called
// with the mutex held.
func (h *holder) setSize(size sandbox.Size) {
	if h.size != size {
		h.size = size
		h.show(piece{size: size})
	}
}

// resized takes note of a new size; ok is false where t has no say in that.
func (h *holder) resized(t *terminal, size sandbox.Size) (ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.primary != t {
		return false
	}
	h.setSize(size)
	return true
}
