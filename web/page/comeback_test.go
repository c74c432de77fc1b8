package page_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/coder/websocket"

	"lectern/internal/lecterntest/browser"
)

func TestReconnecting(t *testing.T) {
	l, b, k := enter(t, browser.Desktop)
	l.change(func() { l.sessions = []session{{"s-1", "ssh", 2}, {"s-2", "tides", 1}} })
	k.tell(t, map[string]any{"type": "place", "sessionId": "s-1", "epoch": 3, "course": "ssh", "stage": 2})
	b.WaitFor(`sessionStorage.getItem('lectern.session') === 's-1'`)
	k.print(t, "\r\nwhat was there\x1b[3") // within a sequence

	l.change(func() { l.down = true })
	_ = k.conn.CloseNow()
	b.Shows("#notice", "The lab is being restarted. Trying again in")
	b.Shows(".screen.stale", "what was there")
	b.Hides(".xterm-cursor")
	b.Picture("reconnecting")
	b.Press("lost") // goes nowhere, as the grey screen says

	l.change(func() { l.down = false })
	b.Click("#notice-do") // Try now
	k = l.next(t)
	if k.session != "s-1" || k.epoch != "3" {
		t.Errorf("the page came back to %q as of %q, want the session it was in", k.session, k.epoch)
	}
	b.Shows(".screen.stale", "what was there") // until there is something else
	k.print(t, "한 new screen")
	b.Sees("한 new screen")
	b.Hides("#notice")
	b.Hides(".screen.stale")
	b.Shows(".xterm-cursor", "")
	if got := b.Screen(); got != "한 new screen" {
		t.Errorf("the terminal shows %q, want nothing of the old screen", got)
	}
	if b.Focus() != "xterm-helper-textarea" {
		t.Errorf("the focus is on %q, want it back in the terminal", b.Focus())
	}
	b.Press("on")
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
	l, b, k := enter(t, browser.Desktop)
	l.change(func() { l.sessions = []session{{"s-1", "ssh", 2}} })
	k.tell(t, map[string]any{"type": "place", "sessionId": "s-1", "epoch": 3, "course": "ssh", "stage": 2})
	b.WaitFor(`sessionStorage.getItem('lectern.session') === 's-1'`)
	b.Do(chromedp.Reload(), "reload")
	if k = l.next(t); k.session != "s-1" || k.epoch != "3" {
		t.Errorf("the page loaded anew asks for the session %q as of %q, want the same", k.session, k.epoch)
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
			l, b, k := enter(t, browser.Desktop)
			end(t, k)
			b.Shows("#notice", "The session was taken over by a newer connection.")
			b.Shows("#notice-do", "Connect again")
			b.Shows(".screen.stale", "ready>")
			b.Hides(".xterm-cursor")
			b.Picture("session-end")
			if b.Focus() != "notice-do" {
				t.Errorf("the focus is on %q, want it where the learner can go on", b.Focus())
			}
			select {
			case <-l.links:
				t.Error("the page came back although it should not")
			default:
			}
			b.Press(kb.Enter)
			l.next(t).print(t, "again")
			b.Sees("again")
		})
	}
}

func TestSessionEndAgain(t *testing.T) {
	l, b, k := enter(t, browser.Desktop)
	k.tell(t, map[string]any{"type": "session_end", "reason": "The gateway is restarting.", "again": true})
	b.Shows("#notice", "The gateway is restarting.")
	l.next(t).print(t, "back")
	b.Sees("back")
}
