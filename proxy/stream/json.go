package stream

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Events come by the hundred for each answer, and most hold a few words. So they
// are read in place: encoding/json would allocate for each of them.

// walk calls each for the members of an object, or the elements of an array,
// which have no key. It returns false where b is neither.
func walk(b []byte, each func(key, value []byte)) bool {
	i := space(b, 0)
	if i == len(b) || b[i] != '{' && b[i] != '[' {
		return false
	}
	object := b[i] == '{'
	last := byte(']')
	if object {
		last = '}'
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == last {
		return space(b, i+1) == len(b)
	}
	for {
		var key []byte
		if object {
			end := valueEnd(b, i)
			if end < 0 || b[i] != '"' {
				return false
			}
			key = words(b[i:end])
			i = space(b, end)
			if i == len(b) || b[i] != ':' {
				return false
			}
			i = space(b, i+1)
		}
		end := valueEnd(b, i)
		if end < 0 {
			return false
		}
		each(key, b[i:end])
		i = space(b, end)
		if i == len(b) {
			return false
		}
		switch b[i] {
		case ',':
			i = space(b, i+1)
		case last:
			return space(b, i+1) == len(b)
		default:
			return false
		}
	}
}

// space is where the next byte stands that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// valueEnd is where the value ends that begins at i, or -1.
func valueEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			if i = stringEnd(b, i+1); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
			if depth < 0 {
				return -1
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return -1
			}
			i++
		default: // a number, true, false or null
			for i < len(b) && strings.IndexByte(`",:{}[] `+"\t\n\r", b[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

// stringEnd is where the string ends whose first sign stands at i, or -1.
func stringEnd(b []byte, i int) int {
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i += 2
		case c < ' ':
			return -1
		default:
			i++
		}
	}
	return -1
}

// words is the text of a string; nothing, where value is something else.
func words(value []byte) []byte {
	text := inside(value)
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	plain := make([]byte, 0, len(text))
	for len(text) > 0 {
		var r rune
		r, text = sign(text)
		if r == utf8.RuneError {
			plain = append(plain, "\ufffd"...)
			continue
		}
		plain = utf8.AppendRune(plain, r)
	}
	return plain
}

// inside is a string as it is written between its quotes; nothing, where value
// is something else.
func inside(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	return value[1 : len(value)-1]
}

// sign reads the first sign of what is written in a string, and what follows.
func sign(text []byte) (rune, []byte) {
	if text[0] < utf8.RuneSelf && text[0] != '\\' {
		return rune(text[0]), text[1:]
	}
	if text[0] != '\\' {
		r, n := utf8.DecodeRune(text)
		return r, text[n:]
	}
	if len(text) < 2 {
		return utf8.RuneError, nil
	}
	rest := text[2:]
	switch text[1] {
	case 'n':
		return '\n', rest
	case 't':
		return '\t', rest
	case 'r':
		return '\r', rest
	case 'b':
		return '\b', rest
	case 'f':
		return '\f', rest
	case 'u':
		first, ok := unit(text)
		if !ok {
			return utf8.RuneError, rest
		}
		rest = text[6:]
		if second, ok := unit(rest); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r, rest[6:]
			}
		}
		if utf16.IsSurrogate(first) {
			return utf8.RuneError, rest
		}
		return first, rest
	}
	return rune(text[1]), rest
}

// unit reads \uXXXX.
func unit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range text[2:6] {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}

// count is a number of tokens; false, where value is something else.
func count(value []byte) (int64, bool) {
	if len(value) == 0 || len(value) > 18 { // so that it fits
		return 0, false
	}
	n, err := strconv.ParseUint(string(value), 10, 63)
	return int64(n), err == nil
}
