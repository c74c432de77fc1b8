package tui

import (
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"lectern/internal/look"
)

// wrap breaks plain text into lines of at most width columns; its paragraphs
// follow each other without a gap.
func wrap(s string, width int) []string {
	if width <= 0 || strings.TrimSpace(s) == "" {
		return nil
	}
	var out []string
	for para := range strings.Lines(s) {
		if para = look.OneLine(para); para == "" {
			continue
		}
		for _, line := range look.Wrap(para, width) {
			out = append(out, strings.TrimSpace(line))
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
	cut[n-1] = look.Clip(strings.TrimRight(ansi.Truncate(cut[n-1], max(0, width-2), ""), " ")+" "+look.SignMore, width)
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
