package tutor

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// hang puts first before the first of lines and as many spaces before the
// others.
func hang(first string, lines []string) []string {
	out := make([]string, len(lines))
	rest := strings.Repeat(" ", lipgloss.Width(first))
	for i, line := range lines {
		if i == 0 {
			out[i] = first + line
		} else if line != "" {
			out[i] = rest + line
		}
	}
	return out
}

// under puts prefix before every line.
func under(prefix string, lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = strings.TrimRight(prefix+line, " ")
	}
	return out
}
