package page_test

import (
	"strings"
	"testing"
)

func TestSignInByLink(t *testing.T) {
	l := startLab(t)
	l.signedIn, l.codes = false, []string{"c0de-of-22-characters"}
	b := l.open(t, desktop, "#c0de-of-22-characters")
	k := l.next(t)
	k.print(t, "welcome")
	b.sees("welcome")
	if at := eval[string](b, `location.href`); at != l.URL+"/" {
		t.Errorf("the address is %s, want it without the code", at)
	}
	if n := eval[int](b, `history.length`); n > 2 { // about:blank and the page
		t.Errorf("the history has %d entries, so one may hold the code", n)
	}
	if kept := eval[string](b, `JSON.stringify([{...localStorage}, {...sessionStorage}])`); strings.Contains(kept, "c0de") {
		t.Errorf("the browser keeps the code: %s", kept)
	}
	if b.focus() != "xterm-helper-textarea" {
		t.Errorf("the focus is on %q, want it in the terminal", b.focus())
	}
}

func TestSignInByUsedLink(t *testing.T) {
	l := startLab(t)
	l.signedIn = false
	b := l.open(t, desktop, "#used")
	b.shows("#sign-in-error", "This link has been used or has expired.")
	b.shows("#ssh-command", "ssh -p 2222 lab@127.0.0.1 web")
	b.picture("used-link")

	// Another one, in the same tab, does.
	l.change(func() { l.codes = []string{"fresh"} })
	eval[bool](b, `(location.hash = 'fresh', true)`)
	l.next(t).print(t, "welcome")
	b.sees("welcome")
	b.hides("#sign-in")

	// And one that is opened once more says so, and harms nothing.
	eval[bool](b, `(location.hash = 'fresh', true)`)
	l.next(t).print(t, "welcome again")
	b.sees("welcome again")
	b.shows("#toast", "You are signed in as ada all the same.")
}

func TestSignInIsShown(t *testing.T) {
	l := startLab(t)
	l.signedIn = false
	b := l.open(t, desktop, "")
	b.shows("#sign-in", "Sign in from your terminal")
	b.hides("#lab")
	b.hides("#sign-in-error")
	b.click("#ssh-copy")
	b.shows("#ssh-copy", "Copied")
}

func TestSignOut(t *testing.T) {
	l, b, k := enter(t, desktop)
	b.click("#preferences-open")
	b.shows("#signed-in", "Signed in as ada")
	b.click("#sign-out")
	b.shows("#sign-in-error", "You have signed out of this browser.")
	k.await(t, "close the link", func() bool { return k.ended })
	l.change(func() {
		if l.signedIn {
			t.Error("the server was not told")
		}
	})
}

func TestSignedOutMeanwhile(t *testing.T) {
	l, b, k := enter(t, desktop)
	l.change(func() { l.signedIn = false })
	_ = k.conn.CloseNow()
	b.shows("#sign-in-error", "You are not signed in any more.")
	b.hides("#lab")
}
