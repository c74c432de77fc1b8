package page_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lectern/internal/lecterntest/browser"
)

// TestByKeyboard goes everywhere without a mouse, and back.
func TestByKeyboard(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	b.Press(kb.Tab) // is the terminal's, so there is another way out of it
	k.awaitTyped(t, "\t")
	if hint := browser.Eval[string](b, `document.getElementById(document.activeElement.getAttribute('aria-describedby')).textContent`); !strings.Contains(hint, "F6") {
		t.Errorf("a screen reader says %q in the terminal, and not how to leave it", hint)
	}
	b.Press(kb.F6)
	at := func(want string) {
		t.Helper()
		if got := b.Focus(); got != want {
			t.Errorf("the focus is on %q, want %q", got, want)
		}
	}
	at("fold")
	b.Press(kb.Tab)
	at("find-open")
	b.Press(kb.Tab)
	at("preferences-open")
	b.Press(kb.Enter)
	b.Shows("#preferences", "Settings")
	b.Press(kb.Escape)
	b.Hides("#preferences")
	b.WaitFor(`document.activeElement.className === 'xterm-helper-textarea'`)

	b.Press(kb.F6)
	b.Press(kb.F6)
	at("xterm-helper-textarea")
	b.Press("F", chromedp.ModifierCtrl, chromedp.ModifierShift)
	at("find-text")
	b.Press("ready")
	b.Shows("#find-count", "1 of 1")
	b.Press(kb.Escape)
	b.Hides("#find")
	at("xterm-helper-textarea")
	b.Press("done")
	k.awaitTyped(t, "done")
	if got := string(k.typed); got != "" {
		t.Errorf("what was meant for the page was typed too: %q", got)
	}
}

func TestSearching(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	var lines strings.Builder
	for i := range 200 {
		fmt.Fprintf(&lines, "\r\nline %d of many", i)
	}
	k.print(t, lines.String())
	b.Click("#find-open")
	b.Press("line 42 ")
	b.Shows("#find-count", "1 of 1")
	b.Sees("line 42 of many")
	b.Press("no such")
	b.Shows("#find-count", "none")
}

// TestMatches tells the match that the search is at from the others, and leaves
// all of them readable.
func TestMatches(t *testing.T) {
	for name, d := range map[string]browser.Device{"light": browser.Desktop, "dark": browser.Desktop.Dark()} {
		t.Run(name, func(t *testing.T) {
			_, b, k := enter(t, d)
			k.print(t, "\x1b[H"+lesson(d))
			b.Click("#find-open")
			b.Press("key")
			b.Shows("#find-count", "of")
			b.Press(kb.Enter)
			b.Shows("#find-count", "2 of")
			b.Picture("matches")
			// The pairs of colours in which the letters of the matches are drawn.
			type match struct {
				Here     bool
				Contrast float64 // of the text
				Apart    float64 // of the background from that of the one the search is at
			}
			matches := browser.Eval[[]match](b, `(() => {
				const rgb = (color) => color.match(/[\d.]+/g).map(Number);
				const light = (color) => {
					const [r, g, b] = rgb(color).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
					return 0.2126 * r + 0.7152 * g + 0.0722 * b;
				};
				const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
				const probe = document.createElement('i');
				probe.style.color = 'var(--brass)';
				document.body.append(probe);
				const here = getComputedStyle(probe).color;
				return [...document.querySelectorAll('.xterm-rows span')]
					.map((cell) => getComputedStyle(cell))
					.filter(({ backgroundColor }) => rgb(backgroundColor)[3] !== 0)
					.map(({ color, backgroundColor }) => ({ here: backgroundColor === here, contrast: contrast(color, backgroundColor), apart: contrast(backgroundColor, here) }));
			})()`)
			here, others := 0, 0
			for _, m := range matches {
				if m.Here {
					here++
				} else {
					others++
				}
				if m.Contrast < 4.5 {
					t.Errorf("a match is written with a contrast of %.1f, want at least 4.5", m.Contrast)
				}
				if !m.Here && m.Apart < 3 {
					t.Errorf("a match differs from the one that the search is at by a contrast of %.1f, want at least 3", m.Apart)
				}
			}
			if here != len("key") || others < 3*len("key") {
				t.Errorf("%d letters are of the match that the search is at and %d of others, want those of one and of at least three", here, others)
			}
		})
	}
}

// TestReadOut turns the terminal into one that a screen reader can follow.
func TestReadOut(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	b.Hides(".xterm-accessibility")
	b.Click("#preferences-open")
	b.Click("#reader")
	b.Press(kb.Escape)
	k.print(t, "\r\nread this out")
	b.WaitFor(`document.querySelector('.xterm-accessibility')?.textContent.includes('read this out')`)
	audit(t, b, "screen reader")
}

func TestColoursFollowTheSystem(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	k.print(t, "\x1b[38;2;236;239;244mdrawn for the dark\x1b[m")
	background := func(want string) {
		t.Helper()
		b.WaitFor(fmt.Sprintf(`getComputedStyle(document.querySelector('.xterm-scrollable-element')).backgroundColor === %q &&
			getComputedStyle(document.body).backgroundColor === %q`, want, want))
	}
	const light, dark = "rgb(253, 252, 250)", "rgb(20, 22, 26)"
	background(light)
	// What is almost white is drawn darker on white.
	b.WaitFor(`[...document.querySelectorAll('.xterm-rows span')].some((s) => s.textContent.includes('drawn for') && getComputedStyle(s).color.match(/\d+/g).every((n) => n < 130))`)
	b.Wear(browser.Desktop.Dark())
	background(dark)
	b.Click("#preferences-open")
	b.Click("[name=theme][value=light] + span")
	background(light)
	b.Click("[name=theme][value=system] + span")
	background(dark)
}

func TestLessMotion(t *testing.T) {
	d := browser.Desktop
	d.Still = true
	l, b, k := enter(t, d)
	k.tell(t, map[string]any{"type": "place", "sessionId": "s-1", "course": "ssh", "stage": 2})
	b.Shows(".stage[aria-current]", "Who is there")
	l.change(func() { l.courses[0].Stages[1].State = "done" })
	k.tell(t, map[string]any{"type": "stage_complete", "course": "ssh", "stage": 2})
	b.Shows(".stage.done[aria-current]", "Who is there")
	if n := browser.Eval[int](b, `document.getAnimations().length`); n != 0 {
		t.Errorf("%d animations run although the system asks for less motion", n)
	}
}

// TestKeyRow presses the keys that a phone's own keyboard lacks.
func TestKeyRow(t *testing.T) {
	_, b, k := enter(t, browser.Phone)
	tap := func(label string) { t.Helper(); tapKey(b, label) }
	for _, key := range [][2]string{{"esc", "\x1b"}, {"tab", "\t"}, {"^C", "\x03"}, {"|", "|"}, {"/", "/"}, {"-", "-"}, {"←", "\x1b[D"}, {"↑", "\x1b[A"}} {
		tap(key[0])
		k.awaitTyped(t, key[1])
	}
	k.print(t, "\x1b[?1h")
	tap("↓")
	k.awaitTyped(t, "\x1bOB")

	tap("ctrl") // holds for one key
	b.Shows("#keys [aria-pressed=true]", "ctrl")
	b.Press("d")
	k.awaitTyped(t, "\x04")
	b.Hides("#keys [aria-pressed=true]")
	b.Press("d")
	k.awaitTyped(t, "d")
	tap("ctrl")
	tap("→")
	k.awaitTyped(t, "\x1b[1;5C")
	if b.Focus() != "xterm-helper-textarea" {
		t.Errorf("the focus is on %q: the phone's keyboard is gone", b.Focus())
	}
	if wide := browser.Eval[bool](b, `document.documentElement.scrollWidth > innerWidth`); wide {
		t.Error("the page is wider than the phone")
	}
	b.Do(chromedp.EmulateViewport(375, 667, chromedp.EmulateMobile, chromedp.EmulateTouch), "take a smaller phone")
	b.WaitFor(`document.getElementById('keys').clientWidth === 375`)
	if wide := browser.Eval[int](b, `document.getElementById('keys').scrollWidth`); wide > 375 {
		t.Errorf("the row of keys is %d pixels wide on a phone of 375", wide)
	}
}

// TestPageDoesNotScroll has nothing reach beyond the window, where there is much
// to list and where nobody is signed in: a browser would put its scroll bar there.
func TestPageDoesNotScroll(t *testing.T) {
	l := startLab(t)
	l.change(func() {
		for n := range 60 {
			l.courses[0].Stages = append(l.courses[0].Stages, stage{n + 6, "One more", "locked"})
		}
	})
	b := l.open(t, browser.Desktop, "")
	k := l.next(t)
	k.print(t, "ready")
	k.tell(t, map[string]any{"type": "place", "sessionId": "s-1", "course": "ssh", "stage": 2})
	b.Shows(".stage.locked", "One more")
	fits := func(where string) {
		t.Helper()
		if size := browser.Eval[[]int](b, `[document.documentElement.scrollWidth, document.documentElement.scrollHeight]`); size[0] != 1280 || size[1] != 800 {
			t.Errorf("%s the document is %d by %d in a window of 1280 by 800", where, size[0], size[1])
		}
	}
	fits("in the lab")
	b.Click("#preferences-open")
	b.Click("#sign-out")
	b.Shows("#sign-in", "Sign in from your terminal")
	fits("signed out")
}

func TestNoKeyRowOnDesktop(t *testing.T) {
	_, b, _ := enter(t, browser.Desktop)
	b.Hides("#keys")
}

// TestPhoneFoldsAway has the terminal alone, and the stages behind their button.
func TestPhoneFoldsAway(t *testing.T) {
	_, b, k := enter(t, browser.Phone)
	b.Hides("#stages")
	beside := `(([sign], { left, right }) => [sign.getBoundingClientRect().left - left, right - sign.getBoundingClientRect().right])(
		document.getElementById('fold').children, document.getElementById('fold').getBoundingClientRect())`
	if gaps := browser.Eval[[]float64](b, beside); gaps[0] != gaps[1] {
		t.Errorf("in the picker the sign of the list has %v pixels beside it, as if there were a number", gaps)
	}
	k.tell(t, map[string]any{"type": "place", "sessionId": "s-1", "course": "ssh", "stage": 2})
	b.Shows("#count", "1/5")
	b.Click("#fold")
	b.Shows("#stages", "Who is there")
	b.Click("#fold")
	b.Hides("#stages")
}

// TestClicksLeadBack: nothing but the terminal takes keys, so that a click beside it
// by one who means to type on must not take them away.
func TestClicksLeadBack(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	for _, beside := range []string{"#courses", "#fold", "#fold"} {
		b.Click(beside)
		if b.Focus() != "xterm-helper-textarea" {
			t.Errorf("after a click on %s the focus is on %q", beside, b.Focus())
		}
	}
	b.Press("on")
	k.awaitTyped(t, "on")
}
