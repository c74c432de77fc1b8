package page_test

import (
	"fmt"
	"slices"
	"testing"

	"lectern/internal/lecterntest/browser"
)

// The link by itself, at a pace that a test has the time for.
const quick = `import('/link.js').then(({ Link }) => {
	window.states = [];
	window.probe = new Link({
		address: async () => 'ws?sessionId=probe',
		size: () => ({ cols: 80, rows: 24 }),
		bytes: (bytes, first, drawn) => drawn(),
		message: () => {},
		state: (state) => states.push(state),
	}, { pauses: %s, beat: %d, steady: 60_000 });
	probe.open();
	return true;
})`

// TestSilence is of a peer that has gone without a word: its socket stays open.
func TestSilence(t *testing.T) {
	l, b, _ := enter(t, browser.Desktop)
	l.change(func() { l.deaf = true })
	browser.Eval[bool](b, fmt.Sprintf(quick, `[20]`, 100))
	l.next(t)
	b.WaitFor(`states.some((state) => state.is === 'waiting' && state.reason === 'The lab has fallen silent.')`)
	l.next(t) // it has come again
	browser.Eval[bool](b, `(probe.close(), true)`)
}

// TestSlowPaste is of a peer whose answer is late, since what was pasted is on its
// way before the question.
func TestSlowPaste(t *testing.T) {
	l, b, _ := enter(t, browser.Desktop)
	l.change(func() { l.deaf = true })
	browser.Eval[bool](b, `(window.left = 1000, window.asked = 0, Object.defineProperty(WebSocket.prototype, 'bufferedAmount', {
		get: () => { asked++; return left > 900 ? (left -= 10) : left; },
	}), true)`)
	browser.Eval[bool](b, fmt.Sprintf(quick, `[20]`, 100))
	l.next(t)
	b.WaitFor(`left <= 900`) // it was looked at for some beats
	b.WaitFor(`states.some((state) => state.is === 'waiting' && state.reason === 'The lab has fallen silent.')`)
	if n := browser.Eval[int](b, `asked`); n < 10 {
		t.Errorf("it was given up after %d looks, while what was pasted went on", n)
	}
	browser.Eval[bool](b, `(probe.close(), true)`)
}

// TestPausesGrow has the page come back to a peer that always leaves at once.
func TestPausesGrow(t *testing.T) {
	l, b, _ := enter(t, browser.Desktop)
	browser.Eval[bool](b, fmt.Sprintf(quick, `[10, 100, 400]`, 60_000))
	for range 4 {
		_ = l.next(t).conn.CloseNow()
	}
	l.next(t)
	pauses := browser.Eval[[]float64](b, `states.filter((state) => state.is === 'waiting').map((state) => state.pause)`)
	want := []float64{10, 100, 400, 400}
	if !slices.EqualFunc(pauses, want, func(got, want float64) bool { return got >= 0.8*want && got <= 1.2*want }) {
		t.Errorf("the pauses were %v ms, want about %v", pauses, want)
	}
	browser.Eval[bool](b, `(probe.close(), true)`)
}
