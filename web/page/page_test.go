package page_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/coder/websocket"
)

// enter opens the page for somebody who is signed in, with a prompt on screen.
func enter(t *testing.T, d device) (*lab, *tab, *link) {
	t.Helper()
	l := startLab(t)
	b := l.open(t, d, "")
	k := l.next(t)
	k.print(t, "ready> ")
	b.sees("ready>")
	return l, b, k
}

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
	b.picture("used link")

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

func TestDrawing(t *testing.T) {
	_, b, k := enter(t, desktop)
	// A sign may be cut anywhere, and wide ones take two cells each.
	text := "\r\n한글 ✅ \x1b[38;2;10;20;30mtrue colour\x1b[m ─┐"
	for _, part := range []string{text[:4], text[4:13], text[13:]} {
		k.print(t, part)
	}
	b.sees("한글 ✅ true colour ─┐")
	if at := eval[string](b, `(() => {
		const cells = [...document.querySelectorAll('.xterm-rows > div')[1].querySelectorAll('span')];
		return getComputedStyle(cells.find((cell) => cell.textContent.includes('true'))).color;
	})()`); at != "rgb(10, 20, 30)" {
		t.Errorf("a colour of the output is drawn as %s; the policy may have kept it out", at)
	}
}

func TestTyping(t *testing.T) {
	_, b, k := enter(t, desktop)
	b.press("ls -l")
	b.press(kb.Enter)
	k.awaitTyped(t, "ls -l\r")
	b.press("가")
	k.awaitTyped(t, "가")
	b.press("c", chromedp.ModifierCtrl)
	k.awaitTyped(t, "\x03")
	b.press(kb.Tab)
	k.awaitTyped(t, "\t")
	k.print(t, "\x1b[?1h") // cursor keys of applications
	b.press(kb.ArrowUp)
	k.awaitTyped(t, "\x1bOA")
}

func TestPasting(t *testing.T) {
	_, b, k := enter(t, desktop)
	paste := func(text string) {
		t.Helper()
		eval[bool](b, fmt.Sprintf(`(() => {
			const data = new DataTransfer();
			data.setData('text/plain', %s);
			return document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
		})()`, text))
	}
	b.press("V", chromedp.ModifierCtrl, chromedp.ModifierShift) // is the browser's, and types nothing
	paste(`'echo 1\necho 2'`)
	k.awaitTyped(t, "echo 1\recho 2")
	k.print(t, "\x1b[?2004h")
	paste(`'x'`)
	k.awaitTyped(t, "\x1b[200~x\x1b[201~")

	paste(`'y'.repeat(100_000)`) // in frames that the server takes
	k.await(t, "paste all", func() bool { return strings.Count(string(k.typed), "y") == 100_000 })
	paste(`'z'.repeat(2_000_000)`)
	b.shows("#toast", "too much to paste at once")
}

func TestCopying(t *testing.T) {
	_, b, k := enter(t, desktop)
	eval[bool](b, `(Object.defineProperty(navigator, 'clipboard', { configurable: true, value: {
		writeText: async (text) => { window.copied = text; },
		readText: async () => { window.read = true; return 'secret'; },
	} }), true)`)

	// By a program, which may write (OSC 52) and not read.
	k.print(t, "\x1b]52;c;aGVsbG8=\x07")
	b.shows("#toast", "Copied.")
	if got := eval[string](b, `window.copied`); got != "hello" {
		t.Errorf("in the clipboard is %q", got)
	}
	k.print(t, "\x1b]52;c;?\x07")
	k.awaitTyped(t, "\x1b]52;c;\x07")
	if eval[bool](b, `window.read === true`) {
		t.Error("a program has read the clipboard")
	}

	// By the learner, of what they have selected.
	k.print(t, "\x1b[2J\x1b[Hcopy-this")
	b.sees("copy-this")
	b.do(chromedp.MouseClickXY(330, 26, chromedp.ClickCount(2)), "select a word")
	b.press("C", chromedp.ModifierCtrl, chromedp.ModifierShift)
	b.waitFor(`window.copied === 'copy-this'`)

	// Without TLS there is only the old way.
	eval[bool](b, `(Object.defineProperty(navigator, 'clipboard', { value: undefined }), window.old = 0, true)`)
	eval[bool](b, `(addEventListener('copy', () => window.old++, { capture: true }), true)`)
	b.press("C", chromedp.ModifierCtrl, chromedp.ModifierShift)
	b.waitFor(`window.old === 1`)
	b.shows("#toast", "Copied.")
}

// TestFlood sends much more than may be on its way, and presses keys meanwhile.
func TestFlood(t *testing.T) {
	const flood = 20 << 20
	_, b, k := enter(t, desktop)
	line := strings.Repeat("0123456789abcdef", 6) + "\r\n"
	began := time.Now()
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		k.print(t, strings.Repeat(line, flood/len(line))+"the end")
	}()
	var took []time.Duration
	for range 5 {
		k.await(t, "draw some more", func() bool { return k.acked > int64(len(took)+1)*flood/10 })
		pressed := time.Now()
		b.press("c", chromedp.ModifierCtrl)
		k.awaitTyped(t, "\x03")
		took = append(took, time.Since(pressed))
	}
	select {
	case <-printed:
		t.Error("the flood was over before the last key was pressed")
	default:
	}
	<-printed
	b.sees("the end")
	slices.Sort(took)
	t.Logf("%d MB in %v; Ctrl-C arrived after %v", flood>>20, time.Since(began).Round(time.Millisecond), took)
	if took[len(took)/2] > 300*time.Millisecond {
		t.Errorf("Ctrl-C took %v to arrive, want at most 300 ms", took)
	}
}

func TestResizing(t *testing.T) {
	_, b, k := enter(t, desktop)
	k.mu.Lock()
	first := k.sizes[len(k.sizes)-1]
	before := len(k.sizes)
	k.mu.Unlock()
	if first.Cols < 80 || first.Rows < 24 {
		t.Errorf("the terminal has %v, want at least 80×24", first)
	}
	for width := int64(1270); width >= 900; width -= 10 {
		b.do(chromedp.EmulateViewport(width, 500), "make the window smaller")
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
	b.click("#preferences-open")
	b.click("#larger")
	k.await(t, "tell that larger text leaves fewer cells", func() bool { return last().Cols < small.Cols })
	b.click("#smaller")
	k.await(t, "tell that smaller text leaves more", func() bool { return last() == small })
}

func TestStages(t *testing.T) {
	l, b, k := enter(t, desktop)
	b.shows("summary", "SSH from the inside") // in the picker all courses
	b.shows("summary", "Tides and lighthouses")
	b.click("summary")
	b.shows("details[open] .stage", "Who is there: keys and trust")

	k.tell(t, map[string]any{"type": "place", "course": "ssh", "courseTitle": "SSH from the inside", "stage": 2})
	b.shows(".stage.open[aria-current=step]", "Who is there: keys and trust")
	b.shows(".far", "1 of 5 stages done")
	b.hides("summary")
	b.waitFor(`document.title === 'Stage 2 · SSH from the inside · Lectern'`)
	b.picture("stages before")

	l.change(func() { l.courses[0].Stages[1].State, l.courses[0].Stages[2].State = "done", "open" })
	k.tell(t, map[string]any{"type": "stage_complete", "course": "ssh", "stage": 2})
	b.waitFor(`document.getElementById('announce').textContent === 'Stage 2 complete, 2 of 5 stages done.'`)
	b.shows(".stage.done[aria-current=step]", "Who is there: keys and trust")
	b.shows(".far", "2 of 5 stages done")
	b.waitFor(`document.querySelector('progress').value === 2`)
	b.picture("stage complete")
	k.tell(t, map[string]any{"type": "stage_unlocked", "course": "ssh", "stage": 3})
	b.shows(".stage.open", "Many conversations on one wire: channels")

	k.tell(t, map[string]any{"type": "place"})
	b.shows("summary", "Tides and lighthouses")
	b.waitFor(`document.title === 'Lectern'`)
}

func TestReconnecting(t *testing.T) {
	l, b, k := enter(t, desktop)
	l.change(func() { l.sessions = []session{{"s-1", "ssh", 2}, {"s-2", "tides", 1}} })
	k.tell(t, map[string]any{"type": "place", "course": "ssh", "stage": 2})
	b.waitFor(`sessionStorage.getItem('lectern.session') === 's-1'`)
	k.print(t, "\r\nwhat was there\x1b[3") // within a sequence

	l.change(func() { l.down = true })
	_ = k.conn.CloseNow()
	b.shows("#notice", "The lab is being restarted. Trying again in")
	b.shows(".screen.stale", "what was there")
	b.picture("reconnecting")
	b.press("lost") // goes nowhere, as the grey screen says

	l.change(func() { l.down = false })
	b.click("#notice-do") // Try now
	k = l.next(t)
	if k.session != "s-1" {
		t.Errorf("the page came back to %q, want the session it was in", k.session)
	}
	b.shows(".screen.stale", "what was there") // until there is something else
	k.print(t, "한 new screen")
	b.sees("한 new screen")
	b.hides("#notice")
	b.hides(".screen.stale")
	if got := b.screen(); got != "한 new screen" {
		t.Errorf("the terminal shows %q, want nothing of the old screen", got)
	}
	if b.focus() != "xterm-helper-textarea" {
		t.Errorf("the focus is on %q, want it back in the terminal", b.focus())
	}
	b.press("on")
	k.awaitTyped(t, "on")
	k.mu.Lock()
	if strings.Contains(string(k.typed), "lost") {
		t.Error("what was typed onto the grey screen arrived")
	}
	k.mu.Unlock()

	// By itself, without anybody's doing; and to the picker where the session has gone.
	l.change(func() { l.sessions = []session{} })
	_ = k.conn.Close(websocket.StatusGoingAway, "")
	k = l.next(t)
	if k.session != "" {
		t.Errorf("the page came back to the session %q, which has ended", k.session)
	}
}

func TestReloading(t *testing.T) {
	l, b, k := enter(t, desktop)
	l.change(func() { l.sessions = []session{{"s-1", "ssh", 2}} })
	k.tell(t, map[string]any{"type": "place", "course": "ssh", "stage": 2})
	b.waitFor(`sessionStorage.getItem('lectern.session') === 's-1'`)
	b.do(chromedp.Reload(), "reload")
	if k = l.next(t); k.session != "s-1" {
		t.Errorf("the page loaded anew asks for the session %q, want the same", k.session)
	}
}

func TestSessionEnd(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *link){
		"message": func(t *testing.T, k *link) {
			k.tell(t, map[string]any{"type": "session_end", "reason": "The session was taken over by a newer connection.", "again": false})
		},
		"close": func(_ *testing.T, k *link) {
			_ = k.conn.Close(websocket.StatusPolicyViolation, "The session was taken over by a newer connection.")
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, b, k := enter(t, desktop)
			end(t, k)
			b.shows("#notice", "The session was taken over by a newer connection.")
			b.shows("#notice-do", "Connect again")
			b.shows(".screen.stale", "ready>")
			b.picture("session end")
			if b.focus() != "notice-do" {
				t.Errorf("the focus is on %q, want it where the learner can go on", b.focus())
			}
			select {
			case <-l.links:
				t.Error("the page came back although it should not")
			default:
			}
			b.press(kb.Enter)
			l.next(t).print(t, "again")
			b.sees("again")
		})
	}
}

// TestSessionEndAgain is of an end after which the page comes back by itself.
func TestSessionEndAgain(t *testing.T) {
	l, b, k := enter(t, desktop)
	k.tell(t, map[string]any{"type": "session_end", "reason": "The gateway is restarting.", "again": true})
	b.shows("#notice", "The gateway is restarting.")
	l.next(t).print(t, "back")
	b.sees("back")
}

// TestSignedOutMeanwhile is of a page left open while its sign-in was revoked.
func TestSignedOutMeanwhile(t *testing.T) {
	l, b, k := enter(t, desktop)
	l.change(func() { l.signedIn = false })
	_ = k.conn.CloseNow()
	b.shows("#sign-in-error", "You are not signed in any more.")
	b.hides("#lab")
}
