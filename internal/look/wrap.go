package look

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
)

// held is the non-breaking hyphen. While lines are broken it stands for every
// hyphen at which no line should end.
const held = "\u2011"

// Hold keeps lines from being broken at the hyphens of s, such as those of a
// command, in which one at the end of a line could be any of two things. [Wrap]
// releases them; whoever breaks lines in another way calls [Release].
func Hold(s string) string { return strings.ReplaceAll(s, "-", held) }

// Release gives back the hyphens that [Hold] has taken.
func Release(s string) string { return strings.ReplaceAll(s, held, "-") }

// Wrap breaks s, which may hold styles, into lines of at most width columns. A
// line may end at a hyphen within a word, but not in the middle of an option
// such as --json.
func Wrap(s string, width int) []string {
	width = max(width, 1)
	lines := strings.Split(lipgloss.Wrap(holdOptions(s), width, ""), "\n")
	for i, line := range lines {
		lines[i] = Clip(Release(line), width) // a sign of two columns in a room of one
	}
	return lines
}

// holdOptions holds the hyphens of s that follow no letter and no digit.
func holdOptions(s string) string {
	if !strings.Contains(s, "-") {
		return s
	}
	var out strings.Builder
	before := ' '
	for i := 0; i < len(s); {
		if s[i] == '\x1b' { // a style, which is not seen: it ends with an m
			end := i + 1 + strings.IndexByte(s[i:], 'm')
			if end <= i {
				end = len(s)
			}
			out.WriteString(s[i:end])
			i = end
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == '-' && !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			out.WriteString(held)
		} else {
			out.WriteString(s[i : i+size])
		}
		before = r
		i += size
	}
	return out.String()
}
