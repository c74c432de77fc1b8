package proxy

import (
	"bytes"
	"fmt"
)

const (
	// maxDepth of values that are looked into, one in another. Content in
	// content in a message has ten.
	maxDepth = 100
	// maxNesting of values that are not. It is encoding/json's.
	maxNesting = 10_000
	// maxKeys of an object that is looked into. The API has two dozen.
	maxKeys = 64
	// maxKeyLength of such an object.
	maxKeyLength = 64
)

// scanner walks through JSON (RFC 8259) without keeping any of it. It stops at
// the first fault, and then every call does nothing.
//
// What it takes for JSON is what jsontext takes, which is encoding/json/v2's
// from Go 1.27 on, to the byte: fuzzing holds the one against the other. But a
// body is long strings for the most part, and jsontext reads those sign by sign.
//
// That the bytes are UTF-8 is found out before. Half a surrogate pair in an
// escape is the upstream's to judge.
type scanner struct {
	data  []byte
	at    int // of the next byte
	depth int // how many values are open
	err   error
}

func newScanner(data []byte) scanner { return scanner{data: data} }

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// wrong notes that no JSON goes on as this does.
func (s *scanner) wrong() {
	if s.at >= len(s.data) {
		s.fail("it ends too early")
	}
	s.fail("something is wrong at byte %d", s.at)
}

// peek goes past white space and gives the byte that comes then, with which a
// value's kind is known; 0 where there is none.
func (s *scanner) peek() byte {
	if s.err != nil {
		return 0
	}
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take goes past c, if that comes next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// want goes past c, which has to come.
func (s *scanner) want(c byte) {
	if !s.take(c) {
		s.wrong()
	}
}

// open goes into an object or an array.
func (s *scanner) open(kind byte) bool {
	if next := s.peek(); next != kind && s.err == nil {
		s.skip() // for the fault that may be there
		s.fail("something else than %c ends at byte %d", kind, s.at)
	}
	if s.err != nil {
		return false
	}
	s.at++
	if s.depth++; s.depth > maxDepth {
		s.fail("values lie more than %d deep in one another", maxDepth)
	}
	return s.err == nil
}

// more tells whether another member or element comes after one, and goes out
// where none does.
func (s *scanner) more(end byte) bool {
	if s.take(',') {
		return true
	}
	s.want(end)
	s.depth--
	return false
}

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
	if !s.open('{') {
		return
	}
	if s.take('}') {
		s.depth--
		return
	}
	for going := true; going && s.err == nil; going = s.more('}') {
		if s.peek() != '"' {
			s.wrong()
			return
		}
		key := s.text()
		s.want(':')
		if s.err == nil && !plainKey(key) {
			s.fail("the key %.40q is none of the API's, which are of lower-case letters, digits and underscores", key)
		}
		for _, other := range seen[:n] {
			if bytes.Equal(other, key) {
				s.fail("the key %q is there twice", key)
			}
		}
		if n == maxKeys {
			s.fail("an object has more than %d keys", maxKeys)
		}
		if s.err != nil {
			return
		}
		seen[n] = key
		n++
		member(key)
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
	if !s.open('[') {
		return
	}
	if s.take(']') {
		s.depth--
		return
	}
	for going := true; going && s.err == nil; going = s.more(']') {
		element()
	}
}

// text goes past a string and returns what stands between its quotes, escapes
// as they are.
func (s *scanner) text() []byte {
	if s.peek() != '"' {
		s.skip() // for the fault that may be there
		s.fail("something else than a string ends at byte %d", s.at)
		return nil
	}
	from := s.at + 1
	s.pastString()
	if s.err != nil {
		return nil
	}
	return s.data[from : s.at-1]
}

// end wants nothing more to come.
func (s *scanner) end() {
	if s.peek(); s.err == nil && s.at < len(s.data) {
		s.fail("more comes after its end, at byte %d", s.at)
	}
}

// nesting remembers which of the values that are open are objects.
type nesting [(maxNesting + 63) / 64]uint64

func (n *nesting) set(depth int, object bool) {
	word, bit := &n[depth/64], uint64(1)<<(depth%64)
	if *word &^= bit; object {
		*word |= bit
	}
}

func (n *nesting) object(depth int) bool { return n[depth/64]&(1<<(depth%64)) != 0 }

// skip goes past any value.
func (s *scanner) skip() {
	switch c := s.peek(); {
	case s.err != nil:
	case c == '{', c == '[':
		s.pastNested()
	default:
		s.pastScalar(c)
	}
}

// pastNested goes past an object or an array. It does not call itself for the
// values within, which a client could lay one in another until the stack is
// full.
func (s *scanner) pastNested() {
	var (
		open  nesting
		depth int // of what is open here
	)
	for s.err == nil {
		switch c := s.peek(); c {
		case '{', '[':
			if s.depth+depth == maxNesting {
				s.fail("values lie more than %d deep in one another", maxNesting)
				return
			}
			open.set(depth, c == '{')
			depth++
			s.at++
			if !s.take(c + 2) { // the bracket that closes it
				if c == '{' {
					s.pastKey()
				}
				continue
			}
			depth--
		default:
			s.pastScalar(c)
		}
		// Out of all that ends here, to where another value begins.
		for {
			if depth == 0 || s.err != nil {
				return
			}
			object := open.object(depth - 1)
			if s.take(',') {
				if object {
					s.pastKey()
				}
				break
			}
			if object {
				s.want('}')
			} else {
				s.want(']')
			}
			depth--
		}
	}
}

func (s *scanner) pastKey() {
	if s.peek() != '"' {
		s.wrong()
		return
	}
	s.pastString()
	s.want(':')
}
