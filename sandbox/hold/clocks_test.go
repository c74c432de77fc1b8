package hold

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/sandbox"
)

func TestLifeEndsIt(t *testing.T) {
	r := start(t, "quiet", func(o *Options) { o.Life = 300 * time.Millisecond })
	lines, exits := r.join(t)
	for lines.Scan() { // until the terminal ends
	}
	if exit := <-exits; exit.Ending != sandbox.LifeOver || exit.Reason == "" {
		t.Errorf("the learner is told %+v", exit)
	}
	if exit := <-r.exit; exit.Ending != sandbox.LifeOver {
		t.Errorf("the holder ended by %+v", exit)
	}
}

func TestIdleEndsIt(t *testing.T) {
	// Output is no sign of a learner.
	r := start(t, "floods", func(o *Options) { o.Idle = 300 * time.Millisecond })
	// Nobody has joined: the idle clock stands still.
	select {
	case exit := <-r.exit:
		t.Fatalf("an empty sandbox ended by %+v", exit)
	case <-time.After(500 * time.Millisecond):
	}
	lines, exits := r.join(t)
	for lines.Scan() { // until the terminal ends
	}
	if exit := <-exits; exit.Ending != sandbox.Idle || exit.Reason == "" {
		t.Errorf("the learner is told %+v", exit)
	}
}

// clocksAt is a holder with a terminal at its clocks, and what they have told it
// since the last look.
func clocksAt(life, idle time.Duration) (c *clocks, h *holder, told func() []string) {
	h = &holder{opts: Options{Life: life, Idle: idle}, screen: newScreen(), primary: newTerminal(nil)}
	h.started = time.Now()
	h.expires, h.lastInput = h.started.Add(life), h.started
	return newClocks(h), h, func() (lines []string) {
		for _, text := range h.untold.take() {
			line, _, _ := strings.Cut(text, ".")
			lines = append(lines, line)
		}
		return lines
	}
}

func TestWarningsOfLife(t *testing.T) {
	const ten, one = "10 minutes left in this session", "1 minute left in this session"
	for name, test := range map[string]struct {
		life time.Duration
		left []time.Duration // at each look
		want []string
	}{
		"each once":            {2 * time.Hour, []time.Duration{11 * time.Minute, 10 * time.Minute, 9 * time.Minute, time.Minute, time.Second}, []string{ten, one}},
		"none in a short life": {30 * time.Second, []time.Duration{30 * time.Second, time.Second}, nil},
		"one in a shorter one": {5 * time.Minute, []time.Duration{5 * time.Minute, 59 * time.Second}, []string{one}},
		"the last of two":      {2 * time.Hour, []time.Duration{time.Hour, 30 * time.Second}, []string{one}},
		"again with more life": {2 * time.Hour, []time.Duration{9 * time.Minute, 30 * time.Minute, 8 * time.Minute}, []string{ten, ten}},
	} {
		t.Run(name, func(t *testing.T) {
			c, h, told := clocksAt(test.life, 0)
			now := h.started
			var got []string
			for _, left := range test.left {
				h.expires = now.Add(left)
				if _, over := c.look(now); over != nil {
					t.Errorf("stopped with %s left: %+v", left, over)
				}
				got = append(got, told()...)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("told %q, want %q", got, test.want)
			}
		})
	}
}

func TestIdleCountsFromTheLastKey(t *testing.T) {
	c, h, _ := clocksAt(2*time.Hour, time.Minute)
	now := h.started.Add(59 * time.Second)
	if next, over := c.look(now); over != nil || next != time.Second {
		t.Errorf("a second before: look again in %s, %+v", next, over)
	}
	h.lastInput = now
	if _, over := c.look(h.started.Add(61 * time.Second)); over != nil {
		t.Errorf("a learner who has typed: %+v", over)
	}
	if _, over := c.look(now.Add(time.Minute)); over == nil || over.ending != sandbox.Idle || !strings.Contains(over.reason, "for 1 minute") {
		t.Errorf("a minute after: %+v", over)
	}
	h.primary = nil // who has dropped out has the grace instead
	if _, over := c.look(now.Add(time.Hour)); over != nil {
		t.Errorf("nobody there: %+v", over)
	}
}
