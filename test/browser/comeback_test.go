package browser_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"lectern/internal/lecterntest/browser"
)

// loss is a way to take the gateway from under the page.
type loss struct {
	name, says string
	lose, mend func()
}

// losses are all the ways there are.
func (l *lab) losses() []loss {
	return []loss{
		{"link lost", "The connection was lost.", l.wire.Drop, l.wire.Mend},
		{"gateway killed", "The connection was lost.", func() { l.end(syscall.SIGKILL) }, l.start},
		{"gateway restarted", "The gateway is restarting.", func() { l.end(syscall.SIGTERM) }, l.start},
	}
}

// TestComingBack takes the gateway from under the page. The page keeps its screen
// meanwhile and comes back into the same tutor by itself.
func TestComingBack(t *testing.T) {
	l, b := atLesson(t)
	b.Provoke(browser.Unreachable)
	with := b.Session()
	for _, c := range l.losses() {
		t.Run(c.name, func(t *testing.T) {
			b.ComesBack(c.name, c.says, "One is the first number", c.lose, c.mend)
			b.Sees("One is the first number")
			b.Shows(".stage.open[aria-current=step]", "Counting")
			if now := b.Session(); now != with {
				t.Errorf("the page came back to the session %s, and was with %s", now, with)
			}
		})
	}
	b.Press(kb.Enter) // the tutor is there, and no other
	b.Sees("Two follows one")
}

// TestComingBackToThePicker is the same without a tutor: the picker is drawn anew,
// and takes keys.
func TestComingBackToThePicker(t *testing.T) {
	l := startLab(t, shortCourse)
	b := l.open(browser.Desktop)
	b.Provoke(browser.Unreachable)
	for _, c := range l.losses() {
		t.Run(c.name, func(t *testing.T) {
			b.Sees("› ▸ open    1  Counting")
			b.Press("j")
			b.Sees("› · locked  2  Adding")
			b.ComesBack(c.name, c.says, "Adding", c.lose, c.mend)
			b.Sees("› ▸ open    1  Counting") // where a new picker begins
		})
	}
	b.Press(kb.Enter)
	b.Sees("You will learn")
}

// TestFrozen stops the gateway for a moment: what was typed meanwhile arrives.
func TestFrozen(t *testing.T) {
	l, b := atLesson(t)
	signal := func(s syscall.Signal) {
		t.Helper()
		if err := l.program.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGSTOP)
	b.Press(kb.Enter)
	if shown := b.Screen(); !strings.Contains(shown, "One is the first number") {
		t.Errorf("a gateway that is stopped has drawn\n%s", shown)
	}
	signal(syscall.SIGCONT)
	b.Sees("Two follows one")
	b.Hides("#notice")
}
