package hold

import "lectern/sandbox/event"

// tell brings one line to the learner: through the tutor where it shows
// notices itself, else in the window's title with a bell, because anything
// drawn over a foreign program's screen would stay there.
func (h *holder) tell(text string) {
	if h.opts.OwnNotices {
		h.tutor.sendEvent(event.Message{Type: event.Notice, Text: plain(text)})
		return
	}
	notice := "\x1b]2;" + plain(text) + "\x07\x07"
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.screen.settled() {
		h.notice = notice
		return
	}
	if h.primary != nil {
		h.primary.offer([]byte(notice))
	}
}

// plain drops everything from text that a terminal could act upon.
func plain(text string) string {
	out := make([]rune, 0, len(text))
	for _, r := range text {
		if r >= 0x20 && (r < 0x7f || r > 0x9f) {
			out = append(out, r)
		}
	}
	return string(out)
}
