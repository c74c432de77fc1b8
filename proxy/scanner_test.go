package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// outline is all that a scanner finds in a value: keys and texts as they are
// written, and the brackets around them.
func outline(s *scanner) []string {
	var found []string
	switch s.peek() {
	case '{':
		found = append(found, "{")
		s.object(func(key []byte) {
			found = append(append(found, string(key)), outline(s)...)
		})
		return append(found, "}")
	case '[':
		found = append(found, "[")
		s.array(func() { found = append(found, outline(s)...) })
		return append(found, "]")
	case '"':
		return []string{`"` + string(s.text()) + `"`}
	default:
		from := s.at
		s.skip()
		return []string{string(s.data[from:s.at])}
	}
}

// errKeys is what the reference says of keys that a scanner does not take.
var errKeys = errors.New("keys that are none of the API's")

// reference is outline by jsontext.
func reference(d *jsontext.Decoder) ([]string, error) {
	kind := d.PeekKind()
	if kind != '{' && kind != '[' {
		value, err := d.ReadValue()
		return []string{string(value)}, err
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	if d.StackDepth() > maxDepth {
		return nil, errKeys
	}
	found, keys := []string{string(rune(kind))}, map[string]bool{}
	for d.PeekKind() != kind+2 {
		if kind == '{' {
			key, err := d.ReadValue()
			if err != nil {
				return nil, err
			}
			text := string(key[1 : len(key)-1])
			if !plainKey([]byte(text)) || keys[text] || len(keys) == maxKeys {
				return nil, errKeys
			}
			keys[text] = true
			found = append(found, text)
		}
		more, err := reference(d)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	_, err := d.ReadToken()
	return append(found, string(rune(kind+2))), err
}

func newReference(data []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// FuzzScanner holds the scanner against jsontext: both take the same for JSON,
// and find the same in it.
func FuzzScanner(f *testing.F) {
	for _, folder := range []string{"pass", "refuse"} {
		for _, body := range readCases(f, folder) {
			f.Add(body)
		}
	}
	for _, body := range scalars {
		f.Add([]byte(body))
		f.Add([]byte(` [ {"a":` + body + `} , ` + body + "]\n"))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) {
			return // refused before
		}
		skipped := newScanner(body)
		skipped.skip()
		skipped.end()
		r := newReference(body)
		err := r.SkipValue()
		if err == nil {
			if _, err = r.ReadToken(); errors.Is(err, io.EOF) {
				err = nil
			} else {
				err = errors.New("more comes")
			}
		}
		if (err == nil) != (skipped.err == nil) {
			t.Fatalf("%q: the scanner says %v, jsontext %v", body, skipped.err, err)
		}
		looked := newScanner(body)
		found := outline(&looked)
		looked.end()
		want, problem := reference(newReference(body))
		if err != nil {
			problem = err
		}
		if (problem == nil) != (looked.err == nil) {
			t.Fatalf("%q: the scanner says %v, the reference %v", body, looked.err, problem)
		}
		if problem == nil && !slices.Equal(found, want) {
			t.Errorf("%q: the scanner finds %q, the reference %q", body, found, want)
		}
	})
}

// scalars are values, and what is nearly one.
var scalars = []string{
	`0`, `-0`, `-`, `00`, `01`, `1`, `12`, `1.`, `1.0`, `.5`, `1e`, `1e5`, `1E+05`, `1e-`, `+1`, `1.5e3.2`, `0x1`, `1_0`, `NaN`, `-Infinity`,
	`true`, `tru`, `truex`, `True`, `false`, `null`, `nul`, `nulll`, `undefined`,
	`""`, `"`, `'a'`, `"a`, `"\`, `"\"`, `"\\"`, `"\/"`, `"\b\f\n\r\t"`, `"\a"`, `"\'"`, `"\0"`, `"\x41"`, `"\u"`, `"\u12"`, `"\u12g4"`, `"\u12aF"`, `"\U1234"`, `"\ud800"`, `"\ud83d\ude00"`,
	"\"\t\"", "\"\n\"", "\"\x00\"", "\"\x1f\"", "\"\x7f\"", "\"\u2028\"", `"ä\u00e4 über"`, "\"\U0001f600\"", "\"\u0080\"",
	`{`, `[`, `}`, `]`, `{}`, `[]`, `{ }`, `[ ]`, `[,]`, `[1,]`, `[,1]`, `[1 2]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a" 1}`, `{"a":1 "b":2}`, `{a:1}`, `{1:2}`, `[1}`, `{"a":1]`, `[]]`, `{}}`, `[:1]`,
	"", " ", "\ufeff1", "\v1", "\u00a01", "1\x00", "/**/1", "1//", `1,2`, `1 2`,
}

// TestStringsOfAllLengths: what ends a string, or must not be in it, is found
// wherever it stands among the bytes that are looked at together.
func TestStringsOfAllLengths(t *testing.T) {
	for length := range 40 {
		for at := range length + 1 {
			for c, ok := range map[string]bool{"": true, `\"`: true, `\\`: true, `\u0041`: true, "ä": true, "\x7f": true, " ": true, "!": true, "#": true, "]": true, "\x1f": false, "\x00": false, "\n": false, `\x`: false} {
				text := strings.Repeat("a", at) + c + strings.Repeat("ü", length-at)
				s := newScanner([]byte(`"` + text + `"`))
				got := s.text()
				s.end()
				if (s.err == nil) != ok || ok && string(got) != text {
					t.Fatalf("%q: %q, %v", text, got, s.err)
				}
			}
		}
	}
}

// TestEscapesSideBySide: whatever stands next to an escape, or is part of one, in
// all places among the bytes that are looked at together.
func TestEscapesSideBySide(t *testing.T) {
	const signs = `a"\u4`
	for from := range 9 {
		for n := range 15_625 { // 5 to the 6th
			text := []byte(strings.Repeat("a", from))
			for range 6 {
				text = append(text, signs[n%len(signs)])
				n /= len(signs)
			}
			text = append(append([]byte(`"`), text...), `"  `...)
			s := newScanner(text)
			s.pastString()
			s.end()
			if ok := json.Valid(text); (s.err == nil) != ok {
				t.Fatalf("%q: %v, but that it is JSON is %t", text, s.err, ok)
			}
		}
	}
}

// TestNesting: skipping stops where encoding/json does, whatever is open.
func TestNesting(t *testing.T) {
	for _, opening := range []string{"[", `{"a":`, `{"a":[`} {
		n := maxNesting / strings.Count(strings.ReplaceAll(opening, "[", "{"), "{")
		closing := strings.NewReplacer("[", "]", `{"a":`, "}", `{"a":[`, "]}").Replace(opening)
		if opening == `{"a":[` {
			closing = "]}"
		}
		for more := range 2 {
			s := newScanner([]byte(strings.Repeat(opening, n+more) + "1" + strings.Repeat(closing, n+more)))
			s.skip()
			s.end()
			if (s.err == nil) != (more == 0) {
				t.Errorf("%d times %s: %v", n+more, opening, s.err)
			}
		}
	}
}
