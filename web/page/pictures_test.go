package page_test

import (
	"fmt"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/chromedp/chromedp"

	"lectern/internal/lecterntest/browser"
	"lectern/internal/look"
)

// devices are those on which pictures are taken.
var devices = map[string]browser.Device{
	"desktop": browser.Desktop, "desktop dark": browser.Desktop.Dark(), "phone": browser.Phone, "phone dark": browser.Phone.Dark(),
}

// TestPictures takes pictures of what somebody looks at for longer, each
// beneath the eyes of axe, which finds what others cannot see or reach.
func TestPictures(t *testing.T) {
	for name, d := range devices {
		t.Run(name, func(t *testing.T) {
			l := startLab(t)
			l.change(func() { l.signedIn, l.recorded = false, true })
			b := l.open(t, d, "")
			b.Shows("#sign-in", "Sign in from your terminal")
			audit(t, b, "sign-in")

			l.change(func() { l.codes = []string{"code"} })
			browser.Eval[bool](b, `(location.hash = 'code', true)`)
			k := l.next(t)
			k.print(t, "Here the picker would be.")
			audit(t, b, "picker")
			k.tell(t, map[string]any{"type": "place", "sessionId": "s-1", "course": "ssh", "courseTitle": "SSH from the inside", "stage": 2})
			k.print(t, "\x1b[2J\x1b[H\x1b[?25l"+lesson(d))
			b.Sees("A key that never travels")
			audit(t, b, "lesson")
			if d.Phone {
				b.Click("#fold")
				b.Shows(".stage[aria-current]", "Who is there")
				audit(t, b, "stages")
				b.Click("#fold")
			} else {
				b.Click("#fold")
				b.Hides("#stages")
				audit(t, b, "folded")
				b.Click("#fold")
			}

			b.Click("#find-open")
			b.Press("key")
			b.Shows("#find-count", "of")
			audit(t, b, "search")
			b.Click("#find-close")

			b.Click("#preferences-open")
			b.Shows("#preferences", "Settings")
			audit(t, b, "settings")
			b.Click("#preferences header button")

			k.tell(t, map[string]any{"type": "session_end", "reason": "Your session ended: it was idle for 30 minutes.", "again": false})
			b.Shows("#notice", "idle for 30 minutes")
			audit(t, b, "session end")
		})
	}
}

// TestPicturesOfWhatLiesOver the terminal: notices and the question, which have
// colours of their own.
func TestPicturesOfWhatLiesOver(t *testing.T) {
	for name, d := range devices {
		t.Run(name, func(t *testing.T) {
			l := startLab(t)
			b := l.open(t, d, "")
			b.Provoke(`status of 409`)
			k := l.next(t)
			k.print(t, "\x1b[2J\x1b[H\x1b[?25l"+lesson(d))
			b.Sees("A key that never travels")

			l.change(func() { l.down = true })
			_ = k.conn.CloseNow()
			b.Shows("#notice", "Trying again in")
			audit(t, b, "waiting")
			l.change(func() { l.down = false })
			k = l.next(t) // by itself
			k.print(t, "\x1b[2J\x1b[H\x1b[?25l"+lesson(d))
			b.Hides("#notice")

			k.tell(t, map[string]any{"type": "session_end", "reason": "A newer connection of yours has taken over this session.", "again": false})
			b.Shows("#notice", "A newer connection of yours")
			audit(t, b, "taken over")
			b.Click("#notice-do")
			l.next(t).print(t, "\x1b[2J\x1b[H\x1b[?25l"+lesson(d))
			b.Hides("#notice")

			l.change(func() { l.codes, l.others = []string{"bobs"}, "bob" })
			browser.Eval[bool](b, `(location.hash = 'bobs', true)`)
			b.Shows("#switch-title", "Sign in as bob instead?")
			audit(t, b, "switching")
		})
	}
}

// lesson is a page of a lesson, as the tutor draws it.
func lesson(d browser.Device) string {
	width := 80
	if d.Phone {
		width = 44
	}
	p := look.NewPalette(d.Scheme == "dark")
	brass := lipgloss.NewStyle().Foreground(p.Brass).Bold(true)
	strong := lipgloss.NewStyle().Foreground(p.Strong).Bold(true)
	faded := lipgloss.NewStyle().Foreground(p.Faded)
	teal := lipgloss.NewStyle().Foreground(p.Teal)
	var lines []string
	lines = append(lines, look.Clip(brass.Render("▌SSH from the inside")+faded.Render(" · ")+strong.Render("Stage 2 of 5: Who is there: keys and trust"), width))
	lines = append(lines, faded.Render(strings.Repeat("─", width)), "", "  "+brass.Render("A key that never travels"), "")
	for _, text := range []string{
		"Your client proves that it holds a private key by signing something that only this connection knows. The key itself stays where it is.",
		"The server keeps the public half, one a line, and looks whether the signature fits. Ask your client what it offers:",
	} {
		for _, line := range look.Wrap(text, width-4) {
			lines = append(lines, "  "+line)
		}
		lines = append(lines, "")
	}
	for _, code := range []string{"$ ssh -v -p 2222 lab@HOST whoami", "debug1: Offering public key: ED25519", "debug1: Server accepts key"} {
		lines = append(lines, "  "+faded.Render("│")+" "+teal.Render(code))
	}
	lines = append(lines, "", "  한국어도 됩니다.", "", faded.Render(strings.Repeat("─", width)))
	lines = append(lines, look.Spread(fmt.Sprintf(" %s next  %s back  %s quiz", brass.Render("space"), brass.Render("b"), brass.Render("q")), faded.Render("page 3 of 7"), width))
	return strings.Join(lines, "\r\n")
}

// TestFoldedStays keeps the list as it was left.
func TestFoldedStays(t *testing.T) {
	l, b, _ := enter(t, browser.Desktop)
	b.Shows("#stages", "SSH from the inside")
	b.Click("#fold")
	b.Hides("#stages")
	b.Do(chromedp.Reload(), "reload")
	l.next(t).print(t, "again")
	b.Sees("again")
	b.Hides("#stages")
	b.Click("#fold")
	b.Shows("#stages", "SSH from the inside")
}
