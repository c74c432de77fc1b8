package hold

import (
	"fmt"
	"time"

	"lectern/sandbox"
)

// warnings are given when so much of life is left, the longest first.
var warnings = []time.Duration{10 * time.Minute, time.Minute}

// clocks run down a sandbox's life and its learner's idleness. Only supervise
// looks at them.
type clocks struct {
	holder *holder
	// warned counts the warnings given, so that each is given once; more life
	// brings them back.
	warned int
}

func newClocks(h *holder) *clocks {
	c := &clocks{holder: h, warned: len(warnings)}
	for i, w := range warnings { // those longer than the whole life are moot
		if h.opts.Life > w {
			c.warned = i
			break
		}
	}
	return c
}

// look reads the clocks, and warns where it is time for that. It returns when
// to look again, or the order to stop.
func (c *clocks) look(now time.Time) (next time.Duration, over *stopOrder) {
	h := c.holder
	h.mu.Lock()
	expires, lastInput, attached := h.expires, h.lastInput, h.primary != nil
	h.mu.Unlock()
	left := expires.Sub(now)
	if left <= 0 {
		return time.Hour, &stopOrder{sandbox.LifeOver, "The session's time is over. What you have done is kept: choose the stage again to go on."}
	}
	c.warn(left)
	next = left
	if c.warned < len(warnings) {
		next = left - warnings[c.warned]
	}
	if h.opts.Idle > 0 && attached {
		rest := lastInput.Add(h.opts.Idle).Sub(now)
		if rest <= 0 {
			return time.Hour, &stopOrder{sandbox.Idle, fmt.Sprintf(
				"Nothing was typed for %s, so the session was ended. What you have done is kept: choose the stage again to go on.", inWords(h.opts.Idle))}
		}
		next = min(next, rest)
	}
	// New life and new terminals change the times: look at least so often.
	return min(max(next, 10*time.Millisecond), time.Second), nil
}

// warn tells how much life is left. Of warnings that were missed, because life
// was cut short, only the last is given.
func (c *clocks) warn(left time.Duration) {
	for c.warned > 0 && left > warnings[c.warned-1] {
		c.warned--
	}
	for c.warned < len(warnings) && left <= warnings[c.warned] {
		if c.warned+1 == len(warnings) || left > warnings[c.warned+1] {
			c.holder.tellNow(fmt.Sprintf("%s left in this session. What you have done is kept when it ends.", inWords(warnings[c.warned])))
		}
		c.warned++
	}
}

func inWords(d time.Duration) string {
	switch {
	case d == time.Minute:
		return "1 minute"
	case d%time.Minute == 0:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.String()
}
