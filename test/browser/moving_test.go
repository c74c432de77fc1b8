package browser_test

import (
	"testing"
	"time"

	"lectern/internal/lecterntest/browser"
)

// TestMoving goes from the page to ssh and back, with the same tutor all the way.
func TestMoving(t *testing.T) {
	l, b := atLesson(t)
	with := b.Session()
	terminal := l.terminals.Open("ada", "90x24", l.command()...)
	b.MovesThereAndBack(terminal, 1, "One is the first number", "Two follows one")
	b.Shows(".stage.open[aria-current=step]", "Counting")
	if now := b.Session(); now != with {
		t.Errorf("the page is with the session %s, and was with %s", now, with)
	}
}

// TestAsleep is a laptop that sleeps while its learner goes on by ssh: when it
// wakes, its page comes back by itself, and must not take the terminal from them.
func TestAsleep(t *testing.T) {
	l, b := atLesson(t)
	b.Provoke(browser.Unreachable)
	l.wire.Drop()
	b.Shows("#notice", "The connection was lost.")
	terminal := l.terminals.Open("ada", "90x24", l.command()...)
	terminal.Expect("► Continue.*Stage 1")
	terminal.Press("Enter")
	terminal.Expect("One is the first number")
	l.wire.Mend()
	b.Shows("#notice", "A newer connection of yours has taken over this session.")
	b.Shows(".screen.stale", "One is the first number")
	terminal.Press("Enter")
	terminal.Expect("Two follows one")
	b.Click("#notice-do") // on the learner's own word it does
	b.Hides("#notice")
	b.Hides(".screen.stale")
	b.Sees("Two follows one")
	terminal.Expect("A newer connection of yours has taken over")
}

// TestSignedOutElsewhere signs the browser out over ssh, while it is looked at.
func TestSignedOutElsewhere(t *testing.T) {
	l, b := atLesson(t)
	b.Provoke(`status of 401`)
	began := time.Now()
	if said := l.run("web", "--revoke"); said != "The browser is signed out.\n" {
		t.Errorf("ssh lab@host web --revoke says %q", said)
	}
	b.Shows("#notice", "This browser was signed out.")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the page said it after %v, want at once", took)
	}
	b.Picture("signed out elsewhere")
	b.Click("#notice-do")
	b.Shows("#sign-in", "Sign in from your terminal")
	b.Shows("#ssh-command", "ssh -p "+l.ssh+" lab@127.0.0.1 web")
	b.Hides("#lab")

	// Another link lets it in again, once, and to the tutor that is still there.
	link := l.link()
	b.Goto(link)
	b.Shows("#toast", "You are signed in as ada.")
	b.Hides("#notice")
	b.Hides(".screen.stale")
	b.Sees("One is the first number")
	other := l.openAt(browser.Desktop, link)
	other.Provoke(`status of 401`)
	other.Shows("#sign-in-error", "This link was used already")
}
