package browser

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func (b *Tab) call(f func() error, what string) {
	b.t.Helper()
	if err := f(); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// Do does what chromedp has an action for.
func (b *Tab) Do(a chromedp.Action[chromedp.Void], what string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	b.call(func() error { return chromedp.Do(ctx, a) }, what)
}

// Click clicks on an element.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.Do(chromedp.Click(chromedp.CSS(selector)), "click "+selector)
}

// Press presses one key, or the keys of a text one after the other. As on a real
// keyboard what a key types is part of its being pressed, so that the page can
// prevent it; chromedp's own KeyEvent types it all the same.
func (b *Tab) Press(keys string, modifiers ...chromedp.Modifier) {
	b.t.Helper()
	for _, r := range keys {
		if _, ok := kb.Keys[r]; !ok { // of an input method
			b.call(func() error {
				_, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: string(r)})
				return err
			}, "insert "+string(r))
			continue
		}
		events := kb.Encode(r)
		down, up := events[0], events[len(events)-1]
		for _, m := range modifiers {
			down.Modifiers |= int64(m)
			up.Modifiers |= int64(m)
		}
		if len(events) == 3 && down.Modifiers&^int64(chromedp.ModifierShift) == 0 {
			down.Text = events[1].Text
		}
		b.call(func() error {
			_, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, *down)
			if err == nil {
				_, err = chromedp.Call(b.ctx, input.DispatchKeyEvent, *up)
			}
			return err
		}, "press "+string(r))
	}
}

// LookAway no longer watches what the page asks of the network: every message of
// a WebSocket would come to the test too, before anything else.
func (b *Tab) LookAway() {
	b.t.Helper()
	b.call(func() error {
		_, err := chromedp.Call(b.ctx, network.Disable, cdp.Empty{})
		return err
	}, "stop watching the network")
}
