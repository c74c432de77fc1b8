package tui

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// clean makes s safe to lay out: control characters, escape sequences and bytes
// that are no text, of which a width cannot be told, become spaces or vanish.
// Titles and logins come in clean, errors and details of phases may not.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, ansi.Strip(strings.ToValidUTF8(s, " "))))
}

// clip cuts s, which may hold styles, to at most width columns.
func clip(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(s, width, signMore)
}

// fill cuts or pads s to exactly width columns.
func fill(s string, width int) string {
	s = clip(s, width)
	return s + strings.Repeat(" ", max(0, width-lipgloss.Width(s)))
}

// spread puts left and right at the two ends of a line of width columns. Left
// is cut first, and right vanishes where that would leave no room for left.
func spread(left, right string, width int) string {
	room := width - lipgloss.Width(right) - 1
	if right == "" || room < min(8, lipgloss.Width(left)) {
		return clip(left, width)
	}
	return fill(left, room) + " " + right
}

// wrap breaks plain text into lines of at most width columns.
func wrap(s string, width int) []string {
	if width <= 0 || strings.TrimSpace(s) == "" {
		return nil
	}
	var out []string
	for para := range strings.Lines(s) {
		if para = strings.TrimSpace(clean(para)); para == "" {
			continue
		}
		for line := range strings.SplitSeq(ansi.Wrap(para, width, ""), "\n") {
			out = append(out, clip(strings.TrimSpace(line), width))
		}
	}
	return out
}

// shorten keeps the first n of lines and says in the last one that there are
// more.
func shorten(lines []string, n, width int) []string {
	if len(lines) <= n || n <= 0 {
		return lines[:min(len(lines), max(0, n))]
	}
	cut := append([]string(nil), lines[:n]...)
	cut[n-1] = clip(strings.TrimRight(ansi.Truncate(cut[n-1], max(0, width-2), ""), " ")+" "+signMore, width)
	return cut
}

// each styles every line on its own, as styles must not cross lines.
func each(style lipgloss.Style, lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = style.Render(l)
	}
	return out
}

// bar draws progress in width columns; thick and thin show it without colour.
func (t *theme) bar(done, all, width int) string {
	n := 0
	if all > 0 {
		n = done * width / all
		if done > 0 {
			n = max(n, 1)
		}
	}
	return t.done.Render(strings.Repeat("━", n)) + t.faded.Render(strings.Repeat("─", width-n))
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// minutes says how long something has lasted or will last, to the minute.
func minutes(d time.Duration) string {
	switch d = d.Truncate(time.Minute); {
	case d < time.Minute:
		return "less than 1 min"
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
}

// seconds is for waits: whole seconds while they last, tenths for a short one
// that is over.
func seconds(d time.Duration, over bool) string {
	d = max(d, 0)
	switch {
	case over && d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%d min %02d s", d/time.Minute, d%time.Minute/time.Second)
}
