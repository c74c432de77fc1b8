package page_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lectern/internal/lecterntest/browser"
)

// enter opens the page for somebody who is signed in, with a prompt on screen.
func enter(t *testing.T, d browser.Device) (*lab, *browser.Tab, *link) {
	t.Helper()
	l := startLab(t)
	b := l.open(t, d, "")
	k := l.next(t)
	k.print(t, "ready> ")
	b.Sees("ready>")
	return l, b, k
}

func TestDrawing(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	// A sign may be cut anywhere, and wide ones take two cells each.
	text := "\r\n한글 ✅ \x1b[38;2;10;20;30mtrue colour\x1b[m ─┐"
	for _, part := range []string{text[:4], text[4:13], text[13:]} {
		k.print(t, part)
	}
	b.Sees("한글 ✅ true colour ─┐")
	if at := browser.Eval[string](b, `(() => {
		const cells = [...document.querySelectorAll('.xterm-rows > div')[1].querySelectorAll('span')];
		return getComputedStyle(cells.find((cell) => cell.textContent.includes('true'))).color;
	})()`); at != "rgb(10, 20, 30)" {
		t.Errorf("a colour of the output is drawn as %s; the policy may have kept it out", at)
	}
}

func TestTyping(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	b.Press("ls -l")
	b.Press(kb.Enter)
	k.awaitTyped(t, "ls -l\r")
	b.Press("가")
	k.awaitTyped(t, "가")
	b.Press("c", chromedp.ModifierCtrl)
	k.awaitTyped(t, "\x03")
	b.Press(kb.Tab)
	k.awaitTyped(t, "\t")
	k.print(t, "\x1b[?1h") // cursor keys of applications
	b.Press(kb.ArrowUp)
	k.awaitTyped(t, "\x1bOA")
}

func TestPasting(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	paste := func(text string) {
		t.Helper()
		browser.Eval[bool](b, fmt.Sprintf(`(() => {
			const data = new DataTransfer();
			data.setData('text/plain', %s);
			return document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
		})()`, text))
	}
	b.Press("V", chromedp.ModifierCtrl, chromedp.ModifierShift) // is the browser's, and types nothing
	paste(`'echo 1\necho 2'`)
	k.awaitTyped(t, "echo 1\recho 2")
	k.print(t, "\x1b[?2004h")
	paste(`'x'`)
	k.awaitTyped(t, "\x1b[200~x\x1b[201~")

	paste(`'y'.repeat(100_000)`) // in frames that the server takes
	k.await(t, "paste all", func() bool { return strings.Count(string(k.typed), "y") == 100_000 })
	paste(`'z'.repeat(2_000_000)`)
	b.Shows("#toast", "too much to paste at once")
}

func TestCopying(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	browser.Eval[bool](b, `(Object.defineProperty(navigator, 'clipboard', { configurable: true, value: {
		writeText: async (text) => { window.copied = text; },
		readText: async () => { window.read = true; return 'secret'; },
	} }), true)`)

	// By a program, which may write (OSC 52) and not read.
	k.print(t, "\x1b]52;c;aGVsbG8=\x07")
	b.Shows("#toast", "Copied.")
	if got := browser.Eval[string](b, `window.copied`); got != "hello" {
		t.Errorf("in the clipboard is %q", got)
	}
	k.print(t, "\x1b]52;c;?\x07")
	k.awaitTyped(t, "\x1b]52;c;\x07")
	if browser.Eval[bool](b, `window.read === true`) {
		t.Error("a program has read the clipboard")
	}

	// By the learner, of what they have selected.
	k.print(t, "\x1b[2J\x1b[Hcopy-this")
	b.Sees("copy-this")
	b.Do(chromedp.MouseClickXY(330, 26, chromedp.ClickCount(2)), "select a word")
	b.Press("C", chromedp.ModifierCtrl, chromedp.ModifierShift)
	b.WaitFor(`window.copied === 'copy-this'`)

	// Without TLS there is only the old way.
	browser.Eval[bool](b, `(Object.defineProperty(navigator, 'clipboard', { value: undefined }), window.old = 0, true)`)
	browser.Eval[bool](b, `(addEventListener('copy', () => window.old++, { capture: true }), true)`)
	b.Press("C", chromedp.ModifierCtrl, chromedp.ModifierShift)
	b.WaitFor(`window.old === 1`)
	b.Shows("#toast", "Copied.")
}

// TestFlood sends much more than may be on its way, and presses keys meanwhile.
func TestFlood(t *testing.T) {
	const flood = 20 << 20
	_, b, k := enter(t, browser.Desktop)
	b.LookAway()
	line := strings.Repeat("0123456789abcdef", 6) + "\r\n"
	began := time.Now()
	printed := make(chan error, 1)
	go func() { printed <- k.send(t.Context(), strings.Repeat(line, flood/len(line))+"the end") }()
	var took []time.Duration
	for range 5 {
		k.await(t, "draw some more", func() bool { return k.acked > int64(len(took)+1)*flood/10 })
		pressed := time.Now()
		b.Press("c", chromedp.ModifierCtrl)
		k.awaitTyped(t, "\x03")
		took = append(took, time.Since(pressed))
	}
	if len(printed) > 0 {
		t.Error("the flood was over before the last key was pressed")
	}
	if err := <-printed; err != nil {
		t.Fatal(err)
	}
	b.Sees("the end")
	slices.Sort(took)
	t.Logf("%d MB in %v; Ctrl-C arrived after %v", flood>>20, time.Since(began).Round(time.Millisecond), took)
	if took[len(took)-1] > 300*time.Millisecond {
		t.Errorf("Ctrl-C took %v to arrive, want at most 300 ms", took)
	}
}

func TestResizing(t *testing.T) {
	_, b, k := enter(t, browser.Desktop)
	k.mu.Lock()
	first := k.sizes[len(k.sizes)-1]
	before := len(k.sizes)
	k.mu.Unlock()
	if first.Cols < 80 || first.Rows < 24 {
		t.Errorf("the terminal has %v, want at least 80×24", first)
	}
	for width := int64(1270); width >= 900; width -= 10 {
		b.Do(chromedp.EmulateViewport(width, 500), "make the window smaller")
	}
	last := func() size { return k.sizes[len(k.sizes)-1] }
	k.await(t, "tell a smaller size", func() bool { return last().Cols < first.Cols-30 && last().Rows < first.Rows })
	k.mu.Lock()
	told := len(k.sizes) - before
	k.mu.Unlock()
	if told > 20 {
		t.Errorf("the page told its size %d times while the window shrank 38 times; want fewer", told)
	}

	// Less text in the same window.
	small := func() size { k.mu.Lock(); defer k.mu.Unlock(); return last() }()
	b.Click("#preferences-open")
	b.Click("#larger")
	k.await(t, "tell that larger text leaves fewer cells", func() bool { return last().Cols < small.Cols })
	b.Click("#smaller")
	k.await(t, "tell that smaller text leaves more", func() bool { return last() == small })
}

func TestStages(t *testing.T) {
	l, b, k := enter(t, browser.Desktop)
	b.Shows("summary", "SSH from the inside") // in the picker all courses
	b.Shows("summary", "Tides and lighthouses")
	b.Click("summary")
	b.Shows("details[open] .stage", "Who is there: keys and trust")

	k.tell(t, map[string]any{"type": "place", "sessionId": "s-1", "course": "ssh", "courseTitle": "SSH from the inside", "stage": 2})
	b.Shows(".stage.open[aria-current=step]", "Who is there: keys and trust")
	b.Shows(".far", "1 of 5 stages done")
	b.Hides("summary")
	if b.Focus() != "xterm-helper-textarea" { // for what had it has gone
		t.Errorf("the focus is on %q, want it in the terminal", b.Focus())
	}
	b.WaitFor(`document.title === 'Stage 2 · SSH from the inside · Lectern'`)
	b.Picture("stages-before")

	l.change(func() { l.courses[0].Stages[1].State, l.courses[0].Stages[2].State = "done", "open" })
	k.tell(t, map[string]any{"type": "stage_complete", "course": "ssh", "stage": 2})
	says(b, "Stage 2 complete, 2 of 5 stages done.")
	b.Shows(".stage.open", "Many conversations on one wire: channels") // as the server says when it is asked
	b.Shows(".stage.done.fresh[aria-current=step]", "Who is there: keys and trust")
	b.Shows(".far", "2 of 5 stages done")
	b.WaitFor(`document.querySelector('progress').value === 2`)
	b.Picture("stage-complete")
	l.change(func() { l.courses[0].Stages[3].State = "open" })
	k.tell(t, map[string]any{"type": "stage_unlocked", "course": "ssh", "stage": 4})
	b.Shows(".stage.open", "The terminal that is not there")
	says(b, "Stage 4 is open now.")
	k.tell(t, map[string]any{"type": "course_complete", "course": "ssh"})
	says(b, "Course complete: SSH from the inside.")

	k.tell(t, map[string]any{"type": "place"})
	b.Shows("summary", "Tides and lighthouses")
	b.WaitFor(`document.title === 'Lectern'`)
}

// TestSessionEndAgain is of an end after which the page comes back by itself.

// TestSignedOutMeanwhile is of a page left open while its sign-in was revoked.
