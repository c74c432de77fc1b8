package proxy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	// maxDepth of values within values. Schemas of tools need a dozen.
	maxDepth = 200
	// maxKeys of an object that is looked into. The API has two dozen.
	maxKeys = 64
	// maxKeyLength of such an object.
	maxKeyLength = 64
)

// scanner walks through JSON (RFC 8259) without keeping any of it. It stops at
// the first fault; from then on every value is at its end.
//
// A scanner of our own: encoding/json takes keys of any case and the last of
// two that are the same, and the tokens of it and of go-json-experiment's
// jsontext take several times as long as the request may be held up.
type scanner struct {
	data  []byte
	at    int
	depth int
	err   error
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
		s.at = len(s.data)
	}
}

func (s *scanner) unexpected() {
	if s.at >= len(s.data) {
		s.fail("it ends too early")
		return
	}
	s.fail("something is wrong at byte %d", s.at)
}

// peek is the next byte that is no space, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take goes past the next byte if it is c.
func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.at >= len(s.data) {
		return false
	}
	s.at++
	return true
}

func (s *scanner) expect(c byte) {
	if !s.take(c) {
		s.unexpected()
	}
}

// enter counts a level down, leave up.
func (s *scanner) enter() {
	if s.at++; s.depth >= maxDepth {
		s.fail("values lie more than %d deep in one another", maxDepth)
	}
	s.depth++
}

func (s *scanner) leave() { s.depth-- }

// object calls member for each member of an object whose keys mean something
// here. member goes past the value.
//
// Such keys are the API's own, all of lower-case ASCII. Whatever else is there
// could be read as one of them by somebody less strict: another case, a letter
// that folds to the same, an escape, the same key again.
func (s *scanner) object(member func(key []byte)) {
	var (
		seen [maxKeys][]byte
		n    int
	)
	if s.peek() != '{' {
		s.unexpected()
		return
	}
	s.enter()
	defer s.leave()
	if s.take('}') {
		return
	}
	for s.err == nil {
		key := s.text()
		if !plainKey(key) {
			s.fail("the key %.40q is none of the API's, which are of lower-case letters, digits and underscores", key)
			return
		}
		for _, other := range seen[:n] {
			if bytes.Equal(other, key) {
				s.fail("the key %q is there twice", key)
				return
			}
		}
		if n == maxKeys {
			s.fail("an object has more than %d keys", maxKeys)
			return
		}
		seen[n] = key
		n++
		s.expect(':')
		member(key)
		if !s.take(',') {
			s.expect('}')
			return
		}
	}
}

func plainKey(key []byte) bool {
	for _, c := range key {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return len(key) > 0 && len(key) <= maxKeyLength
}

// array calls element for each element, which goes past it.
func (s *scanner) array(element func()) {
	if s.peek() != '[' {
		s.unexpected()
		return
	}
	s.enter()
	defer s.leave()
	if s.take(']') {
		return
	}
	for s.err == nil {
		element()
		if !s.take(',') {
			s.expect(']')
			return
		}
	}
}

// skip goes past any value.
func (s *scanner) skip() {
	switch c := s.peek(); {
	case c == '"':
		s.text()
	case c == '{':
		s.enter()
		defer s.leave()
		if s.take('}') {
			return
		}
		for s.err == nil {
			s.text()
			s.expect(':')
			s.skip()
			if !s.take(',') {
				s.expect('}')
				return
			}
		}
	case c == '[':
		s.array(s.skip)
	case c == 't':
		s.word("true")
	case c == 'f':
		s.word("false")
	case c == 'n':
		s.word("null")
	case c == '-' || digit(c):
		s.number()
	default:
		s.unexpected()
	}
}

func (s *scanner) word(word string) {
	if !bytes.HasPrefix(s.data[s.at:], []byte(word)) {
		s.unexpected()
		return
	}
	s.at += len(word)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func (s *scanner) number() {
	s.is('-')
	if !s.is('0') {
		s.digits()
	}
	if s.is('.') {
		s.digits()
	}
	if s.is('e') || s.is('E') {
		if !s.is('+') {
			s.is('-')
		}
		s.digits()
	}
}

// is goes past the very next byte if it is c.
func (s *scanner) is(c byte) bool {
	if s.at >= len(s.data) || s.data[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) digits() {
	from := s.at
	for s.at < len(s.data) && digit(s.data[s.at]) {
		s.at++
	}
	if s.at == from {
		s.unexpected()
	}
}

// text goes past a string and returns what stands between its quotes, escapes
// as they are.
func (s *scanner) text() []byte {
	if !s.take('"') {
		s.unexpected()
		return nil
	}
	from := s.at
	for {
		s.plain()
		if s.at >= len(s.data) {
			s.unexpected()
			return nil
		}
		switch s.data[s.at] {
		case '"':
			s.at++
			return s.data[from : s.at-1]
		case '\\':
			s.escape()
		default: // a control character
			s.unexpected()
			return nil
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain goes past the bytes of a string that need no look, eight at a time
// (Hacker's Delight, section 6-1: a byte that is zero, or less than n).
func (s *scanner) plain() {
	for s.at+8 <= len(s.data) {
		x := binary.LittleEndian.Uint64(s.data[s.at:])
		quote, escape := x^('"'*ones), x^('\\'*ones)
		found := ((quote-ones)&^quote | (escape-ones)&^escape | (x-' '*ones)&^x) & highs
		if found != 0 {
			s.at += bits.TrailingZeros64(found) / 8 // the lowest mark is never a false one
			return
		}
		s.at += 8
	}
	for s.at < len(s.data) {
		if c := s.data[s.at]; c == '"' || c == '\\' || c < ' ' {
			return
		}
		s.at++
	}
}

func (s *scanner) escape() {
	s.at++
	if s.at >= len(s.data) {
		s.unexpected()
		return
	}
	switch s.data[s.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
	case 'u':
		s.at++
		for range 4 {
			if s.at >= len(s.data) || !hexDigit(s.data[s.at]) {
				s.unexpected()
				return
			}
			s.at++
		}
	default:
		s.unexpected()
	}
}

func hexDigit(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
