package proxy

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// pastScalar goes past a value that begins with c and has none within.
func (s *scanner) pastScalar(c byte) {
	switch c {
	case '"':
		s.pastString()
	case 't':
		s.pastWord("true")
	case 'f':
		s.pastWord("false")
	case 'n':
		s.pastWord("null")
	default:
		s.pastNumber()
	}
}

func (s *scanner) pastWord(word string) {
	if !bytes.HasPrefix(s.data[s.at:], []byte(word)) {
		s.wrong()
		return
	}
	s.at += len(word)
}

func (s *scanner) pastNumber() {
	s.takeByte('-')
	if !s.takeByte('0') {
		s.pastDigits()
	}
	if s.takeByte('.') {
		s.pastDigits()
	}
	if s.takeByte('e') || s.takeByte('E') {
		if !s.takeByte('+') {
			s.takeByte('-')
		}
		s.pastDigits()
	}
}

// takeByte is take without white space before.
func (s *scanner) takeByte(c byte) bool {
	if s.at == len(s.data) || s.data[s.at] != c {
		return false
	}
	s.at++
	return true
}

// pastDigits goes past one digit or more.
func (s *scanner) pastDigits() {
	from := s.at
	for s.at < len(s.data) && s.data[s.at]-'0' <= 9 {
		s.at++
	}
	if s.at == from {
		s.wrong()
	}
}

// pastString goes past a string, at whose first quote it is.
//
// It looks at eight bytes at a time for those that do not stand for themselves,
// and goes through all that are found there before it looks on. To begin anew
// behind each escape would take most of the time: texts with code in them are
// full of escapes.
func (s *scanner) pastString() {
	data, at := s.data, s.at+1
	for len(data)-at >= 8 {
		word := binary.LittleEndian.Uint64(data[at:])
		found, next := special(word), at+8
		for found != 0 {
			low := bits.TrailingZeros64(found) &^ 7 & 63 // where its bits begin
			if byte(word>>low) != '\\' {
				s.endString(at + low/8)
				return
			}
			if low < 56 && short[byte(word>>(low+8))] {
				found &= ^uint64(0xffff) << low // what the escape has stands for nothing else
				continue
			}
			n := escape(data[at+low/8:])
			if n == 0 {
				s.at = at + low/8
				s.wrong()
				return
			}
			next = max(next, at+low/8+n)
			found &= ^uint64(0) << (low + 8*n)
		}
		at = next
	}
	for at < len(data) { // one of the last seven
		switch c := data[at]; {
		case c == '\\':
			n := escape(data[at:])
			if n == 0 {
				s.at = at
				s.wrong()
				return
			}
			at += n
		case c == '"', c < ' ':
			s.endString(at)
			return
		default:
			at++
		}
	}
	s.at = at
	s.wrong()
}

// endString ends a string at a byte that is its quote or no part of any.
func (s *scanner) endString(at int) {
	s.at = at
	if !s.takeByte('"') {
		s.wrong()
	}
}

// special has the high bit of each byte set that is a quote, a backslash or a
// control character. No sum carries into the next byte, since the high bits are
// out of it; a byte that has one is none of these. To turn over the bit of 2 puts
// the quote right behind the control characters, and nothing else among them.
func special(word uint64) uint64 {
	low := word &^ highs
	plain := ((low ^ 0x02*ones) + 0x5f*ones) & ((low ^ '\\'*ones) + 0x7f*ones)
	return ^(plain | word) & highs
}

// escape is how long the escape is with which b begins, or 0.
func escape(b []byte) int {
	switch {
	case len(b) < 2:
		return 0
	case short[b[1]]:
		return 2
	case len(b) < 6 || b[1] != 'u':
		return 0
	}
	for _, c := range b[2:6] {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return 0
		}
	}
	return 6
}

// short are the signs that may stand after a backslash alone.
var short = [256]bool{'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

// One byte in each of the eight of a word.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)
