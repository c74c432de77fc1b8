package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"lectern/internal/lecterntest/browser"
)

// TestLeftOpen is a page that is left open over night: its sandbox ends in front of
// it, and in the morning the learner reads why and goes on.
func TestLeftOpen(t *testing.T) {
	t.Parallel() // it waits for the most part
	for ending, c := range map[string]struct {
		settings []string
		says     string
	}{
		"idle":      {[]string{"--sandbox.idle", "6s"}, "Nothing was typed for 6s, so the session was ended. What you have done is kept"},
		"life-over": {[]string{"--sandbox.idle", "15s", "--sandbox.max_life", "15s"}, "The session's time is over. What you have done is kept"},
	} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			l, b := atLesson(t, c.settings...)
			l.said.Expect(t, "sandbox ended.*ending="+ending)
			b.Sees(c.says)
			b.Hides("#notice")
			goesOn(b)
		})
	}
}

// TestAsleepOverNight is a laptop that sleeps while its sandbox ends.
func TestAsleepOverNight(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings     []string
		ending, says string
	}{
		"nobody came back": {[]string{"--sandbox.grace", "3s"}, "killed", "Nobody came back to the session in time, so it was ended. What you have done"},
		"its time is over": {[]string{"--sandbox.idle", "15s", "--sandbox.max_life", "15s"}, "life-over", "The session's time is over. What you have done is kept"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, b := atLesson(t, c.settings...)
			b.Provoke(browser.Unreachable)
			b.Provoke(`status of 404`) // the page asks for its session first
			l.wire.Drop()
			b.Shows("#notice", "The connection was lost.")
			l.said.Expect(t, "sandbox ended.*ending="+c.ending)
			b.Shows(".screen.stale", "One is the first number")
			l.wire.Mend()
			b.Hides("#notice")
			b.Sees(c.says)
			goesOn(b)
		})
	}
}

// goesOn is how a learner goes on whose sandbox has ended in a lesson.
func goesOn(b *browser.Tab) {
	b.Sees("› ▸ open    1  Counting")
	b.Press(kb.Enter)
	b.Sees("One is the first number")
	b.Shows(".stage.open[aria-current=step]", "Counting")
}
