package hold

import "lectern/sandbox/event"

// completed takes the tutor's word for a finished stage to whoever records it.
func (h *holder) completed(m event.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.pending {
		if p.ID == m.ID {
			return
		}
	}
	h.pending = append(h.pending, m)
	for o := range h.overseers {
		o.wake()
	}
}

// recorded takes the answer back to the tutor.
func (h *holder) recorded(id string) {
	h.mu.Lock()
	found := false
	for i, p := range h.pending {
		if p.ID == id {
			h.pending = append(h.pending[:i], h.pending[i+1:]...)
			found = true
			break
		}
	}
	h.mu.Unlock()
	if found {
		h.tutor.sendEvent(event.Message{Type: event.Recorded, ID: id})
	}
}
