package tutor

import (
	"slices"
	"time"
)

const (
	// noticeFor is how long a notice stands on the screen before a key takes it
	// away: whoever types at that moment looks at what they type.
	noticeFor = 8 * time.Second
	// noticesKept is how many notices are kept; of those that wait the oldest give
	// way.
	noticesKept = 10
)

// notices are what others tell the learner, in the order in which it came. The
// first is on the screen, and the others wait.
type notices struct {
	lines []string
	since time.Time // when the terminal that is there now was shown the first
}

// add takes a notice in, unless it is there already.
func (n *notices) add(text string, now time.Time) {
	if slices.Contains(n.lines, text) {
		return
	}
	if len(n.lines) == noticesKept {
		n.lines = slices.Delete(n.lines, 1, 2)
	}
	if n.lines = append(n.lines, text); len(n.lines) == 1 {
		n.since = now
	}
}

// typed tells that the learner is there. A notice goes by that alone, and not by
// time: nobody may be looking.
func (n *notices) typed(now time.Time) {
	if len(n.lines) > 0 && now.Sub(n.since) >= noticeFor {
		n.lines, n.since = slices.Delete(n.lines, 0, 1), now
	}
}

// redrawn tells that the screen is drawn anew, maybe for a terminal that has not
// shown the notice yet.
func (n *notices) redrawn(now time.Time) { n.since = now }

// shown is the notice on the screen, empty for none, and how many wait behind it.
func (n *notices) shown() (text string, more int) {
	if len(n.lines) == 0 {
		return "", 0
	}
	return n.lines[0], len(n.lines) - 1
}
