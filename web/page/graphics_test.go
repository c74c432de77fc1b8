package page_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestGraphicsLost draws by WebGL, and by elements when that is taken away.
func TestGraphicsLost(t *testing.T) {
	browser, err := startChromium(chromedp.Flag("enable-unsafe-swiftshader", true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(browser); err != nil {
			t.Errorf("close chromium: %v", err)
		}
	})
	l := startLab(t)
	b := l.openIn(t, browser, desktop, "")
	k := l.next(t)
	k.print(t, "\x1b[38;2;122;79;0mdrawn\x1b[m by a card")
	b.waitFor(`document.querySelectorAll('.xterm-screen canvas').length > 1`)
	if rows := b.screen(); rows != "" {
		t.Errorf("the terminal is drawn by elements: %q", rows)
	}
	b.picture("webgl")

	eval[bool](b, `[...document.querySelectorAll('.xterm-screen canvas')].some((canvas) => {
		const gl = canvas.getContext('webgl2');
		gl?.getExtension('WEBGL_lose_context').loseContext();
		return gl;
	})`)
	b.sees("drawn by a card")
	k.print(t, ", and on")
	b.sees("drawn by a card, and on")
}
