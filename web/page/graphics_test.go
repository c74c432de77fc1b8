package page_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"lectern/internal/lecterntest/browser"
)

// TestGraphicsLost draws by WebGL, and by elements when that is taken away.
func TestGraphicsLost(t *testing.T) {
	c, err := browser.Start([]string{"127.0.0.1"}, chromedp.Flag("enable-unsafe-swiftshader", true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	l := startLab(t)
	b := l.openIn(t, c, browser.Desktop, "")
	k := l.next(t)
	k.print(t, "\x1b[38;2;122;79;0mdrawn\x1b[m by a card")
	b.WaitFor(`document.querySelectorAll('.xterm-screen canvas').length > 1`)
	if rows := b.Screen(); rows != "" {
		t.Errorf("the terminal is drawn by elements: %q", rows)
	}
	b.Picture("webgl")

	browser.Eval[bool](b, `[...document.querySelectorAll('.xterm-screen canvas')].some((canvas) => {
		const gl = canvas.getContext('webgl2');
		gl?.getExtension('WEBGL_lose_context').loseContext();
		return gl;
	})`)
	b.Sees("drawn by a card")
	k.print(t, ", and on")
	b.Sees("drawn by a card, and on")
}
