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

// TestPasteKey pastes by the key of a phone, which has no others for it.
func TestPasteKey(t *testing.T) {
	l, b, k := enter(t, browser.Phone)
	clipboard := func(read string) {
		t.Helper()
		browser.Eval[bool](b, fmt.Sprintf(`(Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { readText: async () => %s } }), true)`, read))
	}
	clipboard(`'echo 1\necho 2'`)
	tapKey(b, "paste")
	k.awaitTyped(t, "echo 1\recho 2")
	if b.Focus() != "xterm-helper-textarea" {
		t.Errorf("the focus is on %q: the phone's keyboard is gone", b.Focus())
	}
	k.print(t, "\x1b[?2004h")
	tapKey(b, "paste")
	k.awaitTyped(t, "\x1b[200~echo 1\recho 2\x1b[201~")

	clipboard(`'z'.repeat(2_000_000)`)
	tapKey(b, "paste")
	b.Shows("#toast", "too much to paste at once")
	clipboard(`''`)
	tapKey(b, "paste")
	b.Shows("#toast", "There is no text to paste.")
	clipboard(`Promise.reject(new DOMException('no', 'NotAllowedError'))`)
	tapKey(b, "paste")
	b.Shows("#toast", "The browser does not let the page paste.")

	// Without TLS a page cannot read it, and promises nothing.
	b.BeforeEach(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`)
	b.Do(chromedp.Reload(), "reload")
	l.next(t).print(t, "again")
	b.Shows("#keys button", "ctrl")
	if browser.Eval[bool](b, `document.getElementById('keys').textContent.includes('paste')`) {
		t.Error("there is a key to paste, which cannot work")
	}
}

// TestCopyScreen copies where nothing can be selected, and where there is no TLS.
func TestCopyScreen(t *testing.T) {
	_, b, k := enter(t, browser.Phone)
	browser.Eval[bool](b, `(Object.defineProperty(navigator, 'clipboard', { value: undefined }), true)`)
	browser.Eval[bool](b, `(({ prototype }, set = prototype.setData) => {
		prototype.setData = function (kind, text) { window.copied = text; set.call(this, kind, text); };
		return true;
	})(DataTransfer)`)
	long := strings.Repeat("long ", 20)
	k.print(t, "\x1b[?1049h\x1b[H  first   \r\n\r\n"+long+"end\r\n한글   ")
	b.Sees("한글")
	b.Click("#preferences-open")
	b.Click("#copy-screen")
	b.Shows("#toast", "Copied.")
	b.Hides("#preferences")
	if got, want := browser.Eval[string](b, `window.copied`), "  first\n\n"+long+"end\n한글"; got != want {
		t.Errorf("what is copied is %q, want %q", got, want)
	}

	k.print(t, "\x1b[2J")
	b.Click("#preferences-open")
	b.Click("#copy-screen")
	b.Shows("#toast", "There is nothing to copy.")
}

// TestOnAPhone: everything has room, and nothing is told of keys that are not there.
func TestOnAPhone(t *testing.T) {
	for _, width := range []int64{360, 375, 390} {
		d := browser.Phone
		d.Width = width
		_, b, _ := enter(t, d)
		b.Shows("#keys button", "paste")
		if edges := browser.Eval[[]float64](b, `(({ children, clientWidth }) => [children[0].getBoundingClientRect().left, clientWidth - [...children].at(-1).getBoundingClientRect().right])(document.getElementById('keys'))`); min(edges[0], edges[1]) < 4 {
			t.Errorf("on %d pixels the keys are %v from the edges, want some room", width, edges)
		}
		b.Picture(fmt.Sprintf("keys %d", width))
		b.Click("#preferences-open")
		b.Shows("#preferences", "Text size")
		b.Hides(".shortcuts")
	}
	_, b, _ := enter(t, browser.Desktop)
	b.Click("#preferences-open")
	b.Shows(".shortcuts", "F6")
}

// tapKey taps a key of the row.
func tapKey(b *browser.Tab, label string) {
	box := browser.Eval[[]float64](b, fmt.Sprintf(`(() => {
		const key = [...document.querySelectorAll('#keys button')].find((key) => key.textContent === %q);
		key.scrollIntoView();
		const { x, y, width, height } = key.getBoundingClientRect();
		return [x + width / 2, y + height / 2];
	})()`, label))
	b.Do(chromedp.TapXY(box[0], box[1]), "tap "+label)
}

// shown are the lines on screen.
const shown = `[...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent.replaceAll('\u00a0', ' ').trimEnd())`
