package page_test

import (
	"fmt"
	"testing"

	"lectern/internal/lecterntest/browser"
)

// TestNotesHideLittle has a long note over the page in all its forms.
func TestNotesHideLittle(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	k.tell(t, map[string]any{"type": "place", "sessionId": "s-1", "course": "ssh", "courseTitle": "SSH from the inside", "stage": 2})
	k.print(t, "\x1b[2J\x1b[H\x1b[?25l"+lesson(browser.Desktop))
	note := func(name string) {
		t.Helper()
		browser.Eval[bool](b, `(location.hash = 'used', true)`)
		b.Shows("#toast", "You are signed in as ada all the same.")
		audit(t, b, "note "+name)
	}
	// Those of some elements over whose boxes the note lies.
	covers := func(selectors ...string) (covered []string) {
		t.Helper()
		for _, selector := range selectors {
			if browser.Eval[bool](b, fmt.Sprintf(`((a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)(
				document.getElementById('toast').getBoundingClientRect(), document.querySelector(%q).getBoundingClientRect())`, selector)) {
				covered = append(covered, selector)
			}
		}
		return covered
	}
	note("beside the terminal")
	if got := covers(".desk", ".stage-list"); got != nil {
		t.Errorf("the note lies over %v", got)
	}

	b.Click("#fold")
	note("with the list folded")
	b.Click("#find-open")
	if got := covers("#find", ".xterm-rows > div:nth-child(4) > span:last-child"); got != nil {
		t.Errorf("with the list folded the note lies over %v", got)
	}
	b.Picture("note-and-search")
}

// TestNoteMakesWay for one who types on, and not before it can have been read.
func TestNoteMakesWay(t *testing.T) {
	_, b, _ := enter(t, browser.Desktop)
	browser.Eval[bool](b, `(location.hash = 'nobodys', true)`)
	b.Provoke(`status of 401`)
	b.Shows("#toast", "all the same.")
	browser.Eval[bool](b, `(window.shown = performance.now(), true)`)
	b.Press("a")
	if browser.Eval[bool](b, `document.getElementById('toast').hidden && performance.now() - shown < 1000`) {
		t.Error("it has gone before anybody can have read it")
	}
	b.WaitFor(`performance.now() - shown > 1600`)
	b.Press("b")
	if left := browser.Eval[bool](b, `document.getElementById('toast').hidden || performance.now() - shown > 4500`); !left {
		t.Error("it stays before one who types on")
	}
}
