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
// It looks at eight bytes at a time for one that does not stand for itself: a
// quote, a backslash or a control character. In each byte of word, what is
// subtracted borrows from the high bit where the byte is one of those: turning
// over the bit of 2 puts the quote right behind the control characters, and
// nothing else among them. A borrow can spoil the bytes above it, and so only
// the first counts.
func (s *scanner) pastString() {
	data, at := s.data, s.at+1
	for {
		for len(data)-at >= 8 {
			word := binary.LittleEndian.Uint64(data[at:])
			found := (((word ^ 0x02*ones) - 0x21*ones) | ((word ^ '\\'*ones) - ones)) &^ word & highs
			if found != 0 {
				at += bits.TrailingZeros64(found) / 8
				break
			}
			at += 8
		}
		if at == len(data) {
			break
		}
		switch c := data[at]; {
		case c == '"':
			s.at = at + 1
			return
		case c == '\\':
			n := escape(data[at:])
			if n == 0 {
				s.at = at
				s.wrong()
				return
			}
			at += n
		case c < ' ':
			s.at = at
			s.wrong()
			return
		default: // one of the last seven
			at++
		}
	}
	s.at = at
	s.wrong()
}

// escape is how long the escape is with which b begins, or 0.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] != 'u' {
		return int(short[b[1]])
	}
	if len(b) < 6 {
		return 0
	}
	for _, c := range b[2:6] {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return 0
		}
	}
	return 6
}

// short has a 2 for each sign that may stand after a backslash alone.
var short = [256]uint8{'"': 2, '\\': 2, '/': 2, 'b': 2, 'f': 2, 'n': 2, 'r': 2, 't': 2}

// One byte in each of the eight of a word.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)
