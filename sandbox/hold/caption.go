package hold

import (
	"strings"
	"time"
)

// caption is the title of a window: who watches, and behind it what was told last
// or, if that was later, the program's own title, which lets what was told stand for
// its time. It belongs to the goroutine that writes to the terminal.
type caption struct {
	text     string
	told     string      // stands in place of text for its time; empty for none
	over     time.Time   // when that is over
	turn     *time.Timer // brings news then
	watched  string      // as it stands in the title
	watches  int         // the holder's, when that was put there
	ours     bool        // the title was ours once, so each that the program sets is put anew
	replaced bool        // the program has set its title since ours was put there
	written  string      // what was put there last
}

// entitled is what to write for the caption to be true.
func (h *holder) entitled(t *terminal) string {
	c, now := &t.caption, time.Now()
	over := c.told != "" && !now.Before(c.over)
	next := ""
	h.mu.Lock()
	if h.primary == t {
		if over {
			h.untold.stood(c.told)
		}
		if c.told == "" || over {
			next = h.untold.next()
		}
	}
	watched, watches := watching(h.names()), h.watches
	h.mu.Unlock()
	if over {
		c.told = ""
	}
	if next != "" {
		c.text, c.told, c.over = next, next, now.Add(h.opts.titleFor)
		c.turn = time.AfterFunc(h.opts.titleFor, func() { signal(t.news) })
	}
	if c.told == "" && !over && watched == "" && !c.ours { // it came and went
		return ""
	}
	rings := next != "" || watched != "" && watches > c.watches
	c.watched, c.watches, c.ours = watched, watches, c.ours || watched != ""
	if !rings && !c.replaced && c.sequence() == c.written {
		return ""
	}
	c.written, c.replaced = c.sequence(), false
	if rings {
		return c.written + "\a"
	}
	return c.written
}

// retitled takes note that the program has set its title; it is true where ours is to
// be put anew.
func (c *caption) retitled(title string) bool {
	c.text, c.replaced = line(title), true
	return c.ours || c.told != ""
}

// untitled takes out who watches; empty where nobody does.
func (c *caption) untitled() string {
	if c.watched == "" {
		return ""
	}
	c.watched = ""
	return c.sequence()
}

// close stops what waits for the turn of the next line.
func (c *caption) close() {
	if c.turn != nil {
		c.turn.Stop()
	}
}

func (c *caption) sequence() string {
	title := c.text
	if c.told != "" {
		title = c.told
	}
	if c.watched != "" {
		title = strings.TrimSuffix("● "+c.watched+" · "+title, " · ")
	}
	return "\x1b]2;" + title + "\a"
}
