package hold

import (
	"strings"
	"time"

	"lectern/sandbox"
	"lectern/sandbox/event"
)

// What the learner is told without being asked. A tutor may show it itself; else it
// stands in the window's title, because anything drawn over a foreign program's
// screen would stay there.

// line is what is told of any text.
func line(text string) string { return sandbox.Line(text, sandbox.MaxLine) }

// titleFor is how long a line stays in the title before the next one, or the
// program's own title, takes its place.
const titleFor = 4 * time.Second

// tell brings one line to the learner, or keeps it until they come.
func (h *holder) tell(text string) {
	h.mu.Lock()
	h.untold.add(line(text))
	h.mu.Unlock()
	h.bring()
}

// tellNow brings a line that would be wrong later; one who is not there misses it.
func (h *holder) tellNow(text string) {
	h.mu.Lock()
	there := h.primary != nil
	h.mu.Unlock()
	if there {
		h.tell(text)
	}
}

// bring hands on what waits for the learner, where a terminal is there. A tutor
// that shows notices itself keeps each until it was seen; but it does not know
// whether anybody is joined, so it is sent none before.
func (h *holder) bring() {
	if !h.opts.OwnNotices {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.primary != nil && h.untold.next() != "" {
			signal(h.primary.news)
		}
		return
	}
	h.telling.Lock()
	defer h.telling.Unlock()
	h.mu.Lock()
	var lines []string
	if h.primary != nil {
		lines = h.untold.take()
	}
	h.mu.Unlock()
	for _, text := range lines {
		h.tutor.sendEvent(event.Message{Type: event.Notice, Text: text})
	}
}

// name tells the learner who watches, whenever that has changed.
func (h *holder) name() {
	if !h.opts.OwnNotices {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.primary != nil {
			signal(h.primary.news)
		}
		return
	}
	h.naming.Lock()
	defer h.naming.Unlock()
	h.mu.Lock()
	names := watching(h.names())
	h.mu.Unlock()
	if names != h.named {
		h.named = names
		h.tutor.sendEvent(event.Message{Type: event.Watched, Text: names})
	}
}

// watching is who watches, in words; empty for nobody.
func watching(names []string) string {
	switch last := len(names) - 1; last {
	case -1:
		return ""
	case 0:
		return names[0] + " watches"
	default:
		return strings.Join(names[:last], ", ") + " and " + names[last] + " watch"
	}
}
