package stream

import "bytes"

// maxParsed bounds what is kept of an event, or of an answer in one piece, to be
// read. What is longer passes and is not read. The longest answer that a model
// can give has some 128,000 tokens, which is well below.
const maxParsed = 8 << 20

// events reads an event stream (WHATWG HTML, 9.2 Server-sent events). Of an
// event it reads the data alone: in this API they name the event's type again.
type events struct {
	message *message
	begun   bool   // the first line is over
	cr      bool   // the last line ended with CR, so that an LF still belongs to it
	line    []byte // of a line the part that came in earlier pieces
	data    []byte // of the event
	any     bool   // the event has data, be it empty
	long    bool   // the event is too long to be read
}

func (e *events) scan(b []byte) (int, bool) {
	n := 0
	for n < len(b) {
		if e.cr && b[n] == '\n' {
			e.cr = false
			n++
			continue
		}
		e.cr = false
		end := lineEnd(b[n:])
		if end < 0 {
			e.keep(b[n:])
			return len(b), false
		}
		line := b[n : n+end]
		n += end + 1
		e.cr = b[n-1] == '\r'
		if len(e.line) > 0 {
			e.keep(line)
			line = e.line
			e.line = e.line[:0]
		}
		if e.take(line) {
			return n, true
		}
	}
	return n, false
}

// keep has the part of a line wait for the rest.
func (e *events) keep(part []byte) {
	if len(e.line)+len(part) > maxParsed {
		e.long = true
		part = part[:min(len(part), 1)] // enough to be no empty line
		e.line = e.line[:0]
	}
	e.line = append(e.line, part...)
}

// take reads a whole line, and returns true where it ends an event.
func (e *events) take(line []byte) bool {
	if !e.begun {
		e.begun = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if len(line) == 0 {
		return e.dispatch()
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	if string(name) != "data" {
		return false
	}
	value = bytes.TrimPrefix(value, []byte(" "))
	if e.any {
		e.data = append(e.data, '\n')
	}
	e.any = true
	if len(e.data)+len(value) > maxParsed {
		e.long = true
		return false
	}
	e.data = append(e.data, value...)
	return false
}

func (e *events) dispatch() bool {
	found := e.any || e.long
	if found && !e.long {
		e.message.event(e.data)
	}
	e.any, e.long, e.data = false, false, e.data[:0]
	return found
}

// lineEnd is where the first line of b ends, or -1. It looks at some bytes at a
// time, or it would read the rest of b for the other sign at each line.
func lineEnd(b []byte) int {
	const some = 256
	for from := 0; from < len(b); from += some {
		part := b[from:min(from+some, len(b))]
		end := bytes.IndexByte(part, '\n')
		if end >= 0 {
			part = part[:end]
		}
		if cr := bytes.IndexByte(part, '\r'); cr >= 0 {
			end = cr
		}
		if end >= 0 {
			return from + end
		}
	}
	return -1
}
