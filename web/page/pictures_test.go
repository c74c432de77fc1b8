package page_test

import (
	"fmt"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/chromedp/chromedp"

	"lectern/internal/look"
)

// TestPictures takes pictures of what somebody looks at for longer, each
// beneath the eyes of axe, which finds what others cannot see or reach.
func TestPictures(t *testing.T) {
	for name, d := range map[string]device{
		"desktop": desktop, "desktop dark": desktop.dark(), "phone": phone, "phone dark": phone.dark(),
	} {
		t.Run(name, func(t *testing.T) {
			l := startLab(t)
			l.change(func() { l.signedIn, l.recorded = false, true })
			b := l.open(t, d, "")
			b.shows("#sign-in", "Sign in from your terminal")
			b.audit("sign-in")

			l.change(func() { l.codes = []string{"code"} })
			eval[bool](b, `(location.hash = 'code', true)`)
			k := l.next(t)
			k.print(t, "Here the picker would be.")
			b.audit("picker")
			k.tell(t, map[string]any{"type": "place", "course": "ssh", "courseTitle": "SSH from the inside", "stage": 2})
			k.print(t, "\x1b[2J\x1b[H\x1b[?25l"+lesson(d))
			b.sees("A key that never travels")
			b.audit("lesson")
			if d.phone {
				b.click("#fold")
				b.shows(".stage[aria-current]", "Who is there")
				b.audit("stages")
				b.click("#fold")
			} else {
				b.click("#fold")
				b.hides("#stages")
				b.audit("folded")
				b.click("#fold")
			}

			b.click("#find-open")
			b.press("key")
			b.shows("#find-count", "of")
			b.audit("search")
			b.click("#find-close")

			b.click("#preferences-open")
			b.shows("#preferences", "Settings")
			b.audit("settings")
			b.click("#preferences header button")

			k.tell(t, map[string]any{"type": "session_end", "reason": "Your session ended: it was idle for 30 minutes.", "again": false})
			b.shows("#notice", "idle for 30 minutes")
			b.audit("session end")
		})
	}
}

// lesson is a page of a lesson, as the tutor draws it.
func lesson(d device) string {
	width := 80
	if d.phone {
		width = 44
	}
	p := look.NewPalette(d.scheme == "dark")
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
	l, b, _ := enter(t, desktop)
	b.shows("#stages", "SSH from the inside")
	b.click("#fold")
	b.hides("#stages")
	b.do(chromedp.Reload(), "reload")
	l.next(t).print(t, "again")
	b.sees("again")
	b.hides("#stages")
	b.click("#fold")
	b.shows("#stages", "SSH from the inside")
}
