package course

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Authors need the line of what is wrong, and one wrong type must not hide the
// rest of a file. So JSON is read into a tree that remembers lines, and every
// reader below says itself what it expects.

const (
	maxDepth  = 64
	maxValues = 250_000
)

type valueKind string

const (
	nullValue   valueKind = "nothing"
	textValue   valueKind = "text"
	numberValue valueKind = "a number"
	boolValue   valueKind = "true or false"
	listValue   valueKind = "a list"
	objectValue valueKind = "an object"
)

// value is one JSON value. Items holds the elements of a list, or the values
// of an object in the order of keys.
type value struct {
	kind  valueKind
	line  int
	text  string
	items []*value
	keys  []string
}

// jsonError is what keeps a document from being read at all.
type jsonError struct {
	line    int
	message string
}

func (e *jsonError) Error() string { return e.message }

// parseJSON reads one document. Lines count from firstLine.
func parseJSON(data []byte, firstLine int) (*value, *jsonError) {
	var syntax *json.SyntaxError
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); errors.As(err, &syntax) {
		return nil, syntaxError(data, firstLine, syntax)
	} else if err != nil {
		return nil, &jsonError{firstLine, err.Error()}
	}
	p := treeParser{data: data, decoder: json.NewDecoder(bytes.NewReader(data)), line: firstLine}
	p.decoder.UseNumber()
	return p.value(0)
}

func syntaxError(data []byte, firstLine int, err *json.SyntaxError) *jsonError {
	before := data[:min(max(err.Offset-1, 0), int64(len(data)))]
	if err.Offset >= int64(len(data)) {
		// It ended too early: the last line with something on it is the one to look at.
		before = bytes.TrimRight(before, " \t\r\n")
	}
	return &jsonError{firstLine + bytes.Count(before, []byte("\n")), err.Error()}
}

type treeParser struct {
	data    []byte
	decoder *json.Decoder
	counted int // bytes whose line ends are in line
	line    int
	values  int
}

// next returns the next token and moves line to where it ends; no JSON token
// spans lines.
func (p *treeParser) next() (json.Token, *jsonError) {
	token, err := p.decoder.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, &jsonError{p.line, err.Error()}
	}
	end := int(p.decoder.InputOffset())
	p.line += bytes.Count(p.data[p.counted:end], []byte("\n"))
	p.counted = end
	return token, nil
}

func (p *treeParser) value(depth int) (*value, *jsonError) {
	token, err := p.next()
	if err != nil {
		return nil, err
	}
	p.values++
	if p.values > maxValues {
		return nil, &jsonError{p.line, fmt.Sprintf("it holds more than %d values", maxValues)}
	}
	if depth > maxDepth {
		return nil, &jsonError{p.line, fmt.Sprintf("it is nested more than %d levels deep", maxDepth)}
	}
	v := &value{line: p.line}
	switch t := token.(type) {
	case nil:
		v.kind = nullValue
	case string:
		v.kind, v.text = textValue, t
	case json.Number:
		v.kind, v.text = numberValue, t.String()
	case bool:
		v.kind, v.text = boolValue, fmt.Sprint(t)
	case json.Delim:
		v.kind = listValue
		if t == '{' {
			v.kind = objectValue
		}
		return v, p.members(v, depth)
	}
	return v, nil
}

func (p *treeParser) members(v *value, depth int) *jsonError {
	for p.decoder.More() {
		if v.kind == objectValue {
			key, err := p.next()
			if err != nil {
				return err
			}
			v.keys = append(v.keys, key.(string))
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	_, err := p.next()
	return err
}

// get returns the value of a key, or nil if it is absent or null. The last of
// two equal keys counts, as in other readers of JSON.
func (v *value) get(key string) *value {
	if v == nil || v.kind != objectValue {
		return nil
	}
	for i := len(v.keys) - 1; i >= 0; i-- {
		if v.keys[i] == key {
			if v.items[i].kind == nullValue {
				return nil
			}
			return v.items[i]
		}
	}
	return nil
}

// isScalar reports whether the value can be read as a text.
func (v *value) isScalar() bool {
	return v.kind == textValue || v.kind == numberValue || v.kind == boolValue
}

// fieldReader reads the fields of one object and notes what has a wrong type.
type fieldReader struct {
	object *value
	// name says in messages whose fields they are.
	name  string
	notes notes
}

// raw returns a field as its text, uncleaned and unwrapped; "" if absent.
func (f fieldReader) raw(key string, severity Severity) string {
	v := f.object.get(key)
	if v == nil {
		return ""
	}
	if !v.isScalar() {
		f.mistyped(v, key, "text", severity)
		return ""
	}
	return v.text
}

// line returns a field that must fit one line.
func (f fieldReader) line(key string, severity Severity) string {
	return shorten(cleanLine(f.checked(key, severity)), maxLineRunes)
}

// text returns a field of Markdown.
func (f fieldReader) text(key string, severity Severity) string {
	return cleanText(f.checked(key, severity))
}

// checked is raw, with a warning if the text holds what a terminal must not see.
func (f fieldReader) checked(key string, severity Severity) string {
	raw := f.raw(key, severity)
	if _, changed := clean(raw); changed {
		f.notes.warnf(f.object.get(key).line, "%s: %q holds control characters, which are left out; remove them", f.name, key)
	}
	return raw
}

// list returns the elements of a field; nil if it is absent.
func (f fieldReader) list(key string, severity Severity) []*value {
	v := f.object.get(key)
	if v == nil {
		return nil
	}
	if v.kind != listValue {
		f.mistyped(v, key, "a list", severity)
		return nil
	}
	return v.items
}

// lines returns a field that is a list of one-line texts, or one such text.
// Empty ones are left out.
func (f fieldReader) lines(key string) []string {
	v := f.object.get(key)
	if v == nil {
		return nil
	}
	items := []*value{v}
	if v.kind == listValue {
		items = v.items
	}
	var lines []string
	for _, item := range items {
		if item.kind == nullValue {
			continue
		}
		if !item.isScalar() {
			f.mistyped(item, key, "a list of texts", Warning)
			continue
		}
		if text := cleanLine(item.text); text != "" && len(lines) < maxLines {
			lines = append(lines, text)
		}
	}
	return lines
}

// lineOf returns the line of a field, or of its object if it is absent.
func (f fieldReader) lineOf(key string) int {
	if v := f.object.get(key); v != nil {
		return v.line
	}
	return f.object.line
}

func (f fieldReader) mistyped(v *value, key, want string, severity Severity) {
	f.notes.add(v.line, severity, "%s: %q must be %s, not %s", f.name, key, want, v.kind)
}
