package page_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"lectern/internal/lecterntest/browser"
)

// up is a finger that moves up over the terminal by so many of its lines, in
// small steps, or down by as many below zero.
func up(b *browser.Tab, lines float64) []browser.Point {
	height := browser.Eval[float64](b, `(() => { const e = document.querySelector('.xterm-screen'); return e.clientHeight / e.querySelectorAll('.xterm-rows > div').length; })()`)
	var points []browser.Point
	const steps = 12
	for i := range steps + 1 {
		points = append(points, browser.Point{X: 180, Y: 400 - lines*height*float64(i)/steps})
	}
	return points
}

// TestSwiping turns the pages of a program that fills the screen, as the wheel
// of a mouse does.
func TestSwiping(t *testing.T) {
	_, b, k := enter(t, browser.Phone)
	k.print(t, "\x1b[?1049h\x1b[Ha lesson")
	b.Sees("a lesson")
	b.Swipe(up(b, 5.5)...)
	b.Press(".") // comes after all of them
	k.awaitTyped(t, strings.Repeat("\x1b[B", 5)+".")
	b.Swipe(up(b, -3.5)...)
	b.Press(".")
	k.awaitTyped(t, strings.Repeat("\x1b[A", 3)+".")
	there := up(b, 4.5)
	back := []browser.Point{}
	for i := range there {
		back = append(back, there[len(there)-1-i])
	}
	b.Swipe(append(there, back...)...)
	b.Press(".")
	k.awaitTyped(t, strings.Repeat("\x1b[B", 4)+strings.Repeat("\x1b[A", 4)+".")

	k.print(t, "\x1b[?1h") // cursor keys of applications
	b.Swipe(up(b, 2.5)...)
	b.Press(".")
	k.awaitTyped(t, "\x1bOB\x1bOB.")

	k.print(t, "\x1b[?1000h\x1b[?1006h") // the program has the mouse, and its wheel
	b.Swipe(up(b, 1.5)...)
	b.Press(".")
	k.await(t, "tell of the wheel", func() bool {
		typed := string(k.typed)
		return strings.HasPrefix(typed, "\x1b[<65;") && strings.Count(typed, "\x1b") == 1 && strings.HasSuffix(typed, "M.")
	})
}

// TestNoSwipe is of what fingers do besides.
func TestNoSwipe(t *testing.T) {
	_, b, k := enter(t, browser.Phone)
	k.print(t, "\x1b[?1049h\x1b[Ha lesson")
	b.Sees("a lesson")
	nothing := func(what string) {
		t.Helper()
		b.Press(".")
		k.await(t, "type a dot", func() bool { return strings.HasSuffix(string(k.typed), ".") })
		k.mu.Lock()
		defer k.mu.Unlock()
		if string(k.typed) != "." {
			t.Errorf("%s typed %q", what, strings.TrimSuffix(string(k.typed), "."))
		}
		k.typed = nil
	}
	browser.Eval[bool](b, `(document.activeElement.blur(), true)`)
	b.Do(chromedp.TapXY(180, 400), "tap the terminal")
	b.WaitFor(`document.activeElement.className === 'xterm-helper-textarea'`) // the phone's keyboard is there
	nothing("a tap")
	b.Swipe(browser.Point{X: 60, Y: 400}, browser.Point{X: 120, Y: 404}, browser.Point{X: 300, Y: 340})
	nothing("a swipe across")
	b.Pinch(browser.Point{X: 180, Y: 400})
	b.WaitFor(`visualViewport.scale > 1.2`)
	nothing("a pinch")
	top := browser.Eval[float64](b, `visualViewport.pageTop`)
	b.Swipe(up(b, 3)...)
	b.WaitFor(fmt.Sprintf(`visualViewport.pageTop > %f`, top))
	nothing("moving a page that is zoomed")
}

// TestSwipingBack scrolls what a shell has printed, back and forth.
func TestSwipingBack(t *testing.T) {
	_, b, k := enter(t, browser.Phone)
	var lines strings.Builder
	for i := range 200 {
		fmt.Fprintf(&lines, "\r\nline %d.", i)
	}
	k.print(t, lines.String())
	b.Sees("line 199.")
	b.Swipe(up(b, -6.5)...)
	b.WaitFor(fmt.Sprintf(`%s.at(-1) === 'line 193.'`, shown))
	b.Swipe(up(b, -2.5)...)
	b.WaitFor(fmt.Sprintf(`%s.at(-1) === 'line 191.'`, shown))
	b.Swipe(up(b, 4.5)...)
	b.WaitFor(fmt.Sprintf(`%s.at(-1) === 'line 195.'`, shown))
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.typed) > 0 {
		t.Errorf("scrolling typed %q", k.typed)
	}
}

// shown are the lines on screen.
const shown = `[...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent.replaceAll('\u00a0', ' ').trimEnd())`
