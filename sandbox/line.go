package sandbox

import "unicode"

// MaxLine is the longest line, in characters, that a learner is told at once.
const MaxLine = 400

// Line makes one plain line, of so many characters at most, of foreign text. No
// character is left that a terminal acts upon or that turns the direction of
// writing, so that of an escape sequence its letters are shown; and each run of
// spaces and line feeds is one space.
func Line(text string, most int) string {
	line := make([]rune, 0, most+1)
	space := false
	for _, r := range text { // which gives U+FFFD for what is no text
		switch {
		case unicode.IsSpace(r):
			space = len(line) > 0
			continue
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			continue
		}
		if space {
			line, space = append(line, ' '), false
		}
		if line = append(line, r); len(line) > most {
			return string(line[:most-1]) + "…"
		}
	}
	return string(line)
}
