package look

import (
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Clean makes foreign text safe to lay out: escape sequences, control
// characters and signs that turn the direction of writing would move what is
// drawn around them, and of bytes that are no text no width can be told. Line
// feeds and tabs stay.
func Clean(s string) string {
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

// OneLine is clean text with every run of spaces and line feeds made one space.
func OneLine(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// Clip cuts s, which may hold styles, to at most width columns.
func Clip(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(s, width, SignMore)
}

// Fill cuts or pads s to exactly width columns.
func Fill(s string, width int) string {
	s = Clip(s, width)
	return s + strings.Repeat(" ", max(0, width-lipgloss.Width(s)))
}

// Spread puts left and right at the two ends of a line of width columns. Left
// is cut first, and right vanishes where that would leave no room for left.
func Spread(left, right string, width int) string {
	room := width - lipgloss.Width(right) - 1
	if right == "" || room < min(8, lipgloss.Width(left)) {
		return Clip(left, width)
	}
	return Fill(left, room) + " " + right
}
