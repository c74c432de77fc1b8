package page_test

import (
	"fmt"
	"testing"

	"lectern/internal/lecterntest/browser"
)

// says waits until a screen reader is told a sentence.
func says(b *browser.Tab, sentence string) {
	b.WaitFor(fmt.Sprintf(`document.getElementById('announce').textContent.includes(%q)`, sentence))
}

// TestSaidTogether: what comes at once is said at once, and what comes soon after
// takes the place of nothing that is still to be read.
func TestSaidTogether(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	k.tell(t, map[string]any{"type": "place", "sessionId": "s-1", "course": "ssh", "stage": 2})
	b.Shows(".stage[aria-current]", "Who is there")
	browser.Eval[bool](b, `(window.said = [], window.region = document.getElementById("announce"), new MutationObserver(() => said.push({ text: region.textContent, at: performance.now() }))
		.observe(region, { childList: true }), true)`)
	k.tell(t, map[string]any{"type": "stage_complete", "course": "ssh", "stage": 2})
	k.tell(t, map[string]any{"type": "stage_unlocked", "course": "ssh", "stage": 3})
	says(b, "Stage 2 complete, 2 of 5 stages done. Stage 3 is open now.")
	k.tell(t, map[string]any{"type": "auto_start", "course": "ssh", "stage": 3})
	says(b, "Stage 3 begins.")
	type sentence struct {
		Text string
		At   float64 // in milliseconds
	}
	said := browser.Eval[[]sentence](b, `said`)
	for i, s := range said[1:] {
		if stood := s.At - said[i].At; stood < 1000 {
			t.Errorf("%q was replaced by %q after %.0f ms, before it was read", said[i].Text, s.Text, stood)
		}
	}
}

// TestSilentOnceLeft: of a lab that is left nothing is said any more.
func TestSilentOnceLeft(t *testing.T) {
	l := startLab(t)
	hold := make(chan chan struct{})
	l.signedIn, l.hold = false, hold
	b := l.open(t, browser.Desktop, "")
	release := <-hold
	says(b, "Connecting…")
	close(release)
	b.Shows("#sign-in-title", "Sign in from your terminal")
	b.WaitFor(`document.getElementById('announce').textContent === ''`)

	// Nor is a note that was still to be seen.
	l.change(func() { l.hold, l.codes = nil, []string{"code"} })
	browser.Eval[bool](b, `(location.hash = 'code', true)`)
	l.next(t).print(t, "ready")
	b.Shows("#toast", "You are signed in as ada.")
	b.Click("#preferences-open")
	b.Click("#sign-out")
	b.Shows("#sign-in", "You have signed out of this browser.")
	if browser.Eval[bool](b, `!document.getElementById('toast').hidden`) {
		t.Error("the note stays behind the page that tells how to sign in")
	}
}
