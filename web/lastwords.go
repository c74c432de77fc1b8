package web

import (
	"strings"
	"sync"
)

// lastWords keeps the end of what the gateway says beside the terminal, or before
// there is one: the sentence with which it leaves.
type lastWords struct {
	mu   sync.Mutex
	tail []byte
}

// mostWords is what is kept of it.
const mostWords = 1 << 10

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = append(l.tail, p...)
	if len(l.tail) > mostWords {
		l.tail = append(l.tail[:0], l.tail[len(l.tail)-mostWords:]...)
	}
	return len(p), nil
}

// banner takes what is said to one who is not let in (RFC 4252 section 5.4).
func (l *lastWords) banner(message string) error {
	_, err := l.Write([]byte(message))
	return err
}

// text is the last line.
func (l *lastWords) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.FieldsFunc(string(l.tail), func(r rune) bool { return r == '\r' || r == '\n' })
	if len(lines) == 0 {
		return ""
	}
	return strings.ToValidUTF8(lines[len(lines)-1], "")
}
