// Package look is what the screens of Lectern have in common: their colours,
// their signs, the sizes at which they change, and how text is laid out in the
// cells of a line. The picker and the tutor draw with it, so that a learner who
// goes from one to the other stays in the same house.
//
// It knows no screen: what is shown, and in which style, is theirs.
package look

import (
	"fmt"
	"strings"
)

// The sizes at which every layout changes, in columns and lines.
const (
	minWidth, minHeight = 30, 8 // below them there is nothing but a note

	Narrow = 60 // below it there is less of everything beside the text
	Low    = 12 // below it the header has no rule
)

// Roomy reports whether a terminal is large enough to show anything.
func Roomy(width, height int) bool { return width >= minWidth && height >= minHeight }

// TooSmall is all that is said in a terminal that is not [Roomy].
func TooSmall(width, height int) string {
	lines := Wrap("Terminal too small", width)
	if len(lines) < height {
		lines = append(lines, Wrap(fmt.Sprintf("%d×%d, needs %d×%d", width, height, minWidth, minHeight), width)...)
	}
	return strings.Join(lines[:min(len(lines), max(0, height))], "\n")
}
