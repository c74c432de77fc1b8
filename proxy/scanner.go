package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxDepth of values that are looked into, one in another. Content in
	// content in a message has ten.
	maxDepth = 100
	// maxKeys of such an object. The API has two dozen.
	maxKeys = 64
	// maxKeyLength of such an object.
	maxKeyLength = 64
)

// scanner walks through JSON without keeping any of it. It stops at the first
// fault, and then every call does nothing.
//
// It stands on jsontext, which is encoding/json/v2's from Go 1.27 on: the
// encoding/json of before takes keys of any case and the last of two that are
// the same, and ten times as long.
type scanner struct {
	data []byte
	json *jsontext.Decoder
	err  error
}

func newScanner(data []byte) scanner {
	return scanner{data: data, json: jsontext.NewDecoder(bytes.NewBuffer(data),
		// Keys that mean something are compared here (object). To compare all
		// others would take memory for each that a body has.
		jsontext.AllowDuplicateNames(true),
		// Half a surrogate pair in an escape is the upstream's to judge; that the
		// bytes are UTF-8 is found out faster at once.
		jsontext.AllowInvalidUTF8(true),
	)}
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// failed notes what the decoder says, without the parts of the body that it
// quotes.
func (s *scanner) failed(err error) {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.fail("it ends too early")
	case errors.As(err, &syntax):
		s.fail("something is wrong at byte %d", syntax.ByteOffset)
	default:
		s.fail("it cannot be read")
	}
}

// peek is the kind of the next token, 0 where there is none.
func (s *scanner) peek() jsontext.Kind {
	if s.err != nil {
		return 0
	}
	return s.json.PeekKind()
}

// open goes into an object or an array.
func (s *scanner) open(kind jsontext.Kind) bool {
	if s.err != nil {
		return false
	}
	token, err := s.json.ReadToken()
	switch {
	case err != nil:
		s.failed(err)
	case token.Kind() != kind:
		s.fail("something else than %s is at byte %d", kind, s.json.InputOffset())
	case s.json.StackDepth() > maxDepth:
		s.fail("values lie more than %d deep in one another", maxDepth)
	}
	return s.err == nil
}

// shut goes out again.
func (s *scanner) shut() {
	if s.err == nil {
		_, err := s.json.ReadToken()
		if err != nil {
			s.failed(err)
		}
	}
}

// more tells whether another member or element comes. A fault is one, which
// whoever reads it finds.
func (s *scanner) more() bool {
	kind := s.peek()
	return s.err == nil && kind != '}' && kind != ']'
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
	for s.more() {
		key := s.text()
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
	s.shut()
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
	for s.more() {
		element()
	}
	s.shut()
}

// skip goes past any value.
func (s *scanner) skip() {
	if s.err == nil {
		if err := s.json.SkipValue(); err != nil {
			s.failed(err)
		}
	}
}

// text goes past a string and returns what stands between its quotes, escapes
// as they are.
func (s *scanner) text() []byte {
	if s.peek() != '"' {
		s.skip() // for the fault that may be there
		s.fail("something else than a string ends at byte %d", s.json.InputOffset())
		return nil
	}
	value, err := s.json.ReadValue()
	if err != nil {
		s.failed(err)
		return nil
	}
	// The decoder's own slice is good until its next call only.
	end := int(s.json.InputOffset())
	return s.data[end-len(value)+1 : end-1]
}

// end wants nothing more to come.
func (s *scanner) end() {
	if s.err != nil {
		return
	}
	if _, err := s.json.ReadToken(); !errors.Is(err, io.EOF) {
		s.fail("more comes after its end, at byte %d", s.json.InputOffset())
	}
}
