package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// Eval is the value of an expression in the page.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// WaitFor waits until an expression is true in the page.
func (b *Tab) WaitFor(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	poll := chromedp.Poll[chromedp.Void]("("+expression+")", chromedp.WithPollingTimeout(patience))
	if err := chromedp.Do(ctx, poll); err != nil {
		b.t.Fatalf("waited in vain for %s: %v", expression, err)
	}
}

const screenText = `[...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent.trimEnd()).join('\n').trimEnd()`

// Screen is what the terminal shows.
func (b *Tab) Screen() string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](screenText))
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(text, "\u00a0", " ")
}

// Sees waits until the terminal shows a text.
func (b *Tab) Sees(text string) {
	b.t.Helper()
	b.WaitFor(fmt.Sprintf(`(%s).replaceAll('\u00a0', ' ').includes(%q)`, screenText, text))
}

// Shows waits until an element is there to be seen, with a text in it.
func (b *Tab) Shows(selector, text string) {
	b.t.Helper()
	b.WaitFor(fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.checkVisibility({visibilityProperty: true}) && e.textContent.includes(%q))`, selector, text))
}

// Hides waits until an element is not to be seen.
func (b *Tab) Hides(selector string) {
	b.t.Helper()
	b.WaitFor(fmt.Sprintf(`![...document.querySelectorAll(%q)].some((e) => e.checkVisibility({visibilityProperty: true}))`, selector))
}

// Focus is the id, or else the class, of what has the focus.
func (b *Tab) Focus() string {
	b.t.Helper()
	return Eval[string](b, `document.activeElement.id || document.activeElement.className`)
}

// Picture writes what is seen into the folder of pictures.
func (b *Tab) Picture(name string) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(b.pictures, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Errorf("picture %s: %v", name, err)
	}
}

// Settle waits until all animations of the page have ended.
func (b *Tab) Settle() {
	b.t.Helper()
	Eval[bool](b, `Promise.allSettled(document.getAnimations().map((a) => a.finished)).then(() => true)`)
}
