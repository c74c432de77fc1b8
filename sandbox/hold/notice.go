package hold

import (
	"strings"

	"lectern/sandbox"
	"lectern/sandbox/event"
)

// What the learner is told without being asked. A tutor may show it itself; else it
// stands in the window's title, because anything drawn over a foreign program's
// screen would stay there.

// line is what is told of any text.
func line(text string) string { return sandbox.Line(text, sandbox.MaxLine) }

// tell brings one line to the learner; one who is not there misses it.
func (h *holder) tell(text string) {
	if h.opts.OwnNotices {
		h.tutor.sendEvent(event.Message{Type: event.Notice, Text: line(text)})
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.primary; t != nil {
		t.told = line(text)
		signal(t.news)
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

// caption is the title of a window: who watches, and behind it what was told last
// or, if that was later, the program's own title. It belongs to the goroutine that
// writes to the terminal.
type caption struct {
	text    string
	watched string // as it stands in the title
	watches int    // the holder's, when that was put there
	ours    bool   // the title was ours once, so each that the program sets is put anew
}

// entitled is what to write for the caption to be true.
func (h *holder) entitled(t *terminal) string {
	h.mu.Lock()
	told, watched, watches := t.told, watching(h.names()), h.watches
	t.told = ""
	h.mu.Unlock()
	c := &t.caption
	if told == "" && watched == "" && !c.ours { // it came and went
		return ""
	}
	bell := ""
	if told != "" {
		c.text = told
	}
	if told != "" || watched != "" && watches > c.watches {
		bell = "\a"
	}
	c.watched, c.watches, c.ours = watched, watches, c.ours || watched != ""
	return c.sequence() + bell
}

func (c *caption) sequence() string {
	title := c.text
	if c.watched != "" {
		title = strings.TrimSuffix("● "+c.watched+" · "+c.text, " · ")
	}
	return "\x1b]2;" + title + "\a"
}
