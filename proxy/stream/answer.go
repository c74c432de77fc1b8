package stream

// answer reads a JSON answer in one piece. It follows the brackets to know when
// the answer is whole before its last byte is given on.
type answer struct {
	message *message
	body    []byte
	depth   int
	text    bool // within a string
	escaped bool // after a backslash
	long    bool // too long to be read
	over    bool
}

func (a *answer) scan(b []byte) (int, bool) {
	if a.over {
		return len(b), false
	}
	n := 0
	for n < len(b) && !a.over {
		a.step(b[n])
		n++
	}
	if len(a.body)+n > maxParsed {
		a.long, a.body = true, nil
	}
	if !a.long {
		a.body = append(a.body, b[:n]...)
	}
	if a.over {
		a.message.answer(a.body)
		a.body = nil
	}
	return n, a.over
}

func (a *answer) step(c byte) {
	switch {
	case a.escaped:
		a.escaped = false
	case a.text:
		a.escaped = c == '\\'
		a.text = c != '"'
	case c == '"':
		a.text = true
	case c == '{', c == '[':
		a.depth++
	case c == '}', c == ']':
		a.depth--
		a.over = a.depth <= 0
	}
}
