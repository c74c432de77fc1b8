package tutor

import (
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// clean makes text of a course or of the link safe to lay out: escape
// sequences, control characters and signs that turn the direction of writing
// would move what is drawn around them. Line feeds and tabs stay.
func clean(s string) string {
	if s = strings.ToValidUTF8(s, "\uFFFD"); strings.IndexFunc(s, unsafe) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unsafe(r) {
			return -1
		}
		return r
	}, ansi.Strip(strings.ReplaceAll(s, "\r\n", "\n")))
}

func unsafe(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}

// oneLine is clean text with every run of spaces and line feeds made one space.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// clip cuts s, which may hold styles, to at most width columns.
func clip(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(s, width, "…")
}

// spread puts left and right at the two ends of a line of width columns. Left
// is cut first; right vanishes where left would have no room at all.
func spread(left, right string, width int) string {
	room := width - lipgloss.Width(right) - 1
	if right == "" || room < min(8, lipgloss.Width(left)) {
		return clip(left, width)
	}
	left = clip(left, room)
	return left + strings.Repeat(" ", width-lipgloss.Width(left)-lipgloss.Width(right)) + right
}

// wrap breaks s, which may hold styles, into lines of at most width columns.
func wrap(s string, width int) []string {
	width = max(width, 1)
	lines := strings.Split(lipgloss.Wrap(s, width, ""), "\n")
	for i, line := range lines {
		lines[i] = clip(line, width) // a sign of two columns in a room of one
	}
	return lines
}

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
