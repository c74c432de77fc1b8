package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestLinkOfSomebodyElse leads ada's browser to a link of bob's, as bob can: she
// stays who she is and where she is, until she says that she wants to be bob.
func TestLinkOfSomebodyElse(t *testing.T) {
	l, b := atLesson(t)
	b.Provoke(`status of 409`)
	link := l.linkOf("bob")
	b.Goto(link)
	b.Shows("#switch-title", "Sign in as bob instead?")
	b.Press(kb.Enter) // stays
	b.Hides("#switch")
	b.Hides("#notice")
	b.Hides(".screen.stale")
	b.Sees("One is the first number")
	b.Shows("#login", "ada")
	if said := l.runOf("bob", "web", "--list"); said != "No browser is signed in as you.\n" {
		t.Errorf("bob is told %q", said)
	}
	b.Press(kb.Enter) // the tutor is there, with the keyboard
	b.Sees("Two follows one")

	b.Goto(link)
	b.Shows("#switch-do", "Switch to bob")
	b.Click("#switch-do")
	b.Shows("#toast", "You are signed in as bob.")
	b.Shows("#login", "bob")
	b.Sees("› ▸ open    1  Counting")
	if said := l.run("web", "--list"); said != "No browser is signed in as you.\n" {
		t.Errorf("ada is told %q", said)
	}
}
