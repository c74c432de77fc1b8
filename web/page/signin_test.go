package page_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"lectern/internal/lecterntest/browser"
)

func TestSignInByLink(t *testing.T) {
	l := startLab(t)
	l.signedIn, l.codes = false, []string{"c0de-of-22-characters"}
	b := l.open(t, browser.Desktop, "#c0de-of-22-characters")
	k := l.next(t)
	k.print(t, "welcome")
	b.Sees("welcome")
	if at := browser.Eval[string](b, `location.href`); at != l.URL+"/" {
		t.Errorf("the address is %s, want it without the code", at)
	}
	if n := browser.Eval[int](b, `history.length`); n > 2 { // about:blank and the page
		t.Errorf("the history has %d entries, so one may hold the code", n)
	}
	if kept := browser.Eval[string](b, `JSON.stringify([{...localStorage}, {...sessionStorage}])`); strings.Contains(kept, "c0de") {
		t.Errorf("the browser keeps the code: %s", kept)
	}
	if b.Focus() != "xterm-helper-textarea" {
		t.Errorf("the focus is on %q, want it in the terminal", b.Focus())
	}
}

func TestSignInByUsedLink(t *testing.T) {
	l := startLab(t)
	l.signedIn = false
	b := l.open(t, browser.Desktop, "#used")
	b.Shows("#sign-in-error", "This link has been used or has expired.")
	b.Shows("#ssh-command", "ssh -p 2222 lab@127.0.0.1 web")
	b.Picture("used-link")

	// Another one, in the same tab, does.
	l.change(func() { l.codes = []string{"fresh"} })
	browser.Eval[bool](b, `(location.hash = 'fresh', true)`)
	k := l.next(t)
	k.print(t, "welcome")
	b.Sees("welcome")
	b.Hides("#sign-in")

	// And one that is opened once more says so, and harms nothing.
	browser.Eval[bool](b, `(location.hash = 'fresh', true)`)
	b.Shows("#toast", "You are signed in as ada all the same.")
	k.print(t, " still")
	b.Sees("welcome still")
}

// TestLinkOfSomebodyElse: the page asks, and does nothing of it unless it is told to.
func TestLinkOfSomebodyElse(t *testing.T) {
	l, b, k := enter(t, browser.Desktop)
	b.Provoke(`status of 409`)
	l.change(func() { l.codes, l.others = []string{"bobs"}, "bob" })
	k.tell(t, map[string]any{"type": "place", "course": "ssh", "courseTitle": "SSH", "stage": 2, "sessionId": "adas"})
	follow := func() {
		t.Helper()
		browser.Eval[bool](b, `(location.hash = 'bobs', true)`)
		b.Shows("#switch-title", "Sign in as bob instead?")
		b.Shows("#switch-text", "signed in as ada")
	}
	l.change(func() { l.sessions = []session{{"adas", "ssh", 2}} })
	follow()
	audit(t, b, "link of somebody else")
	b.Press(kb.Enter) // stays, which is what is chosen first
	b.Hides("#switch")
	k.print(t, "still here") // on the same link, behind the question
	b.Sees("still here")
	b.Shows("#login", "ada")
	b.Press("on")
	k.awaitTyped(t, "on")
	follow()
	b.Press(kb.Escape)
	b.Hides("#switch")

	follow()
	b.Click("#switch-do")
	k.await(t, "close the link", func() bool { return k.ended })
	k = l.next(t)
	k.print(t, "hello bob")
	b.Sees("hello bob")
	b.Shows("#toast", "You are signed in as bob.")
	b.Shows("#login", "bob")
	if k.session != "" {
		t.Errorf("bob comes to the session %s of ada", k.session)
	}
}

// TestSomebodyElseInAnotherTab: the page does not go on for another learner than
// the one who looks at it, unless it is told to.
func TestSomebodyElseInAnotherTab(t *testing.T) {
	l, b, k := enter(t, browser.Desktop)
	k.tell(t, map[string]any{"type": "place", "course": "ssh", "courseTitle": "SSH", "stage": 2, "sessionId": "adas"})
	b.WaitFor(`sessionStorage.getItem('lectern.session') === 'adas'`)
	l.change(func() { l.login, l.sessions = "bob", nil })
	_ = k.conn.CloseNow()
	b.Shows("#notice", "This browser is signed in as bob now.")
	b.Shows("#login", "ada")
	b.Picture("somebody-else-now")
	l.change(func() { l.login = "carol" }) // meanwhile, and of her nobody has asked
	b.Press(kb.Enter)                      // on the button, which has the focus
	b.Shows("#notice", "This browser is signed in as carol now.")
	l.change(func() { l.login = "bob" })
	b.Press(kb.Enter)
	b.Shows("#notice", "This browser is signed in as bob now.")
	b.Press(kb.Enter)
	k = l.next(t)
	if k.session != "" {
		t.Errorf("bob comes to the session %s of ada", k.session)
	}
	b.Shows("#login", "bob")
	k.print(t, "hello bob")
	b.Sees("hello bob")
	b.Hides("#notice")
	if title := browser.Eval[string](b, `document.title`); strings.Contains(title, "Stage 2") {
		t.Errorf("the title is %q, of where ada was", title)
	}
}

// TestSignOutWhileConnecting: what the lab answers then comes too late.
func TestSignOutWhileConnecting(t *testing.T) {
	l, b, k := enter(t, browser.Desktop)
	hold := make(chan chan struct{})
	l.change(func() { l.hold = hold })
	_ = k.conn.CloseNow()
	release := <-hold
	b.Click("#preferences-open")
	b.Click("#sign-out")
	b.Shows("#sign-in-title", "Sign in from your terminal")
	close(release)
	b.WaitFor(`performance.getEntriesByType('resource').filter((entry) => entry.name.endsWith('/api/me')).length >= 3`) // also the late one
	b.Hides("#lab")
	select {
	case <-l.links:
		t.Error("the page has come back for one who has signed out")
	default:
	}
}

func TestSignInIsShown(t *testing.T) {
	l := startLab(t)
	l.signedIn = false
	b := l.open(t, browser.Desktop, "")
	b.Shows("#sign-in", "Sign in from your terminal")
	b.Hides("#lab")
	b.Hides("#sign-in-error")
	b.Click("#ssh-copy")
	b.Shows("#ssh-copy", "Copied")
}

func TestSignOut(t *testing.T) {
	l, b, k := enter(t, browser.Desktop)
	b.Click("#preferences-open")
	b.Shows("#signed-in", "Signed in as ada until ")
	b.WaitFor(`/Jan/.test(document.querySelector('#signed-in').textContent)`) // the day, not that of the week alone
	b.Click("#sign-out")
	b.Shows("#sign-in-note", "You have signed out of this browser.")
	b.Hides("#sign-in-error")
	b.Shows("#ssh-command", "ssh -p 2222 lab@127.0.0.1 web")
	k.await(t, "close the link", func() bool { return k.ended })
	l.change(func() {
		if l.signedIn {
			t.Error("the server was not told")
		}
	})
}

func TestSignedOutMeanwhile(t *testing.T) {
	l, b, k := enter(t, browser.Desktop)
	l.change(func() { l.signedIn = false })
	_ = k.conn.CloseNow()
	b.Shows("#sign-in-error", "You are not signed in any more.")
	b.Hides("#lab")
}
