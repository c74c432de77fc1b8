package course

import (
	"strings"
	"unicode/utf8"
)

// A course is written by strangers and ends up on terminals. Whatever could
// steer a terminal or reorder what people read is taken out when it is loaded,
// so that nothing behind this package has to think of it.

// clean returns the text without escape sequences, control characters and
// bidirectional overrides; line ends become "\n" and tabs stay. The flag tells
// whether anything but line ends had to be changed.
func clean(text string) (string, bool) {
	if !needsCleaning(text) {
		return text, false
	}
	var out strings.Builder
	out.Grow(len(text))
	changed := false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\n' || r == '\t':
			out.WriteRune(r)
		case r == '\r':
			if !strings.HasPrefix(text[i+1:], "\n") {
				out.WriteByte('\n')
			}
		case r == '\u0085' || r == '\u2028' || r == '\u2029':
			out.WriteByte('\n')
		case r == 0x1b || isC1(r):
			size = sequenceLength(text[i:], r, size)
			changed = true
		case isUnsafe(r):
			changed = true
		case r == utf8.RuneError && size == 1:
			out.WriteRune(utf8.RuneError)
			changed = true
		default:
			out.WriteString(text[i : i+size])
		}
		i += size
	}
	return out.String(), changed
}

// cleanText is clean for a text of several lines.
func cleanText(text string) string {
	cleaned, _ := clean(text)
	return strings.TrimSpace(cleaned)
}

// cleanLine is clean for a text that must fit one line: runs of white space
// become one space.
func cleanLine(text string) string {
	cleaned, _ := clean(text)
	return strings.Join(strings.Fields(cleaned), " ")
}

func needsCleaning(text string) bool {
	for i, r := range text {
		if r == '\r' || r == '\u2028' || r == '\u2029' || isUnsafe(r) {
			return true
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return true
			}
		}
	}
	return false
}

// isUnsafe reports whether a rune must not reach a terminal as part of a text.
func isUnsafe(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r == 0x7f, isC1(r):
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true // bidirectional embeddings, overrides and isolates
	case r == '\ufeff', r >= '\ufff9' && r <= '\ufffb':
		return true
	}
	return false
}

func isC1(r rune) bool { return r >= 0x80 && r <= 0x9f }

// sequenceLength returns how many bytes the control sequence at the start of
// text takes. A sequence that is not finished as it should loses only its
// introducer, so that broken bytes never swallow the text behind them.
func sequenceLength(text string, first rune, size int) int {
	kind := byte(0)
	switch {
	case first == 0x1b && len(text) > 1:
		kind, size = text[1], 2
		if kind < 0x20 || kind > 0x7e {
			return 1
		}
	case isC1(first):
		kind = byte(first) - 0x40 // as ESC and this byte
	}
	switch kind {
	case '[':
		i := skipWhile(text, size, 0x30, 0x3f)
		i = skipWhile(text, i, 0x20, 0x2f)
		if i < len(text) && text[i] >= 0x40 && text[i] <= 0x7e {
			return i + 1
		}
		return size
	case ']', 'P', 'X', '^', '_':
		return stringLength(text, size)
	}
	if first == 0x1b && kind >= 0x20 && kind <= 0x2f {
		i := skipWhile(text, size, 0x20, 0x2f)
		if i < len(text) && text[i] >= 0x30 && text[i] <= 0x7e {
			return i + 1
		}
	}
	return size
}

// stringLength measures a control string whose introducer takes the first
// size bytes. It gives up at the first control character that does not end it,
// which keeps cleaning linear in the length of the text.
func stringLength(text string, size int) int {
	for i := size; i < len(text); {
		r, width := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == 0x07 || r == 0x9c:
			return i + width
		case r == 0x1b:
			if strings.HasPrefix(text[i+1:], `\`) {
				return i + 2
			}
			return size
		case r < 0x20 || isC1(r):
			return size
		}
		i += width
	}
	return size
}

func skipWhile(text string, i int, low, high byte) int {
	for i < len(text) && text[i] >= low && text[i] <= high {
		i++
	}
	return i
}
