package lecterntest

import (
	"regexp"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for output.
var patience = 20 * time.Second

// Screen takes the output of a terminal and lets a test wait for parts of it,
// one after the other: as the bytes that came (Expect), or as what the terminal
// shows of them (Shows).
type Screen struct {
	cols, rows int

	mu   sync.Mutex
	seen []byte
	from int           // what comes next is looked for from here on
	more chan struct{} // holds a token when seen has grown
}

// NewScreen returns an empty one of 80 by 24.
func NewScreen() *Screen { return NewScreenOf(80, 24) }

// NewScreenOf returns an empty one.
func NewScreenOf(cols, rows int) *Screen {
	return &Screen{cols: cols, rows: rows, more: make(chan struct{}, 1)}
}

// Write takes output. It never fails.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.seen = append(s.seen, p...)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

// All is everything written so far.
func (s *Screen) All() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.seen)
}

// Expect waits for output that matches pattern, after what was expected
// before, and returns it. A match may be up to 8 KiB long. It is for output
// that is a stream; of a program that draws, bytes say little: one that knows
// what is on the screen sends only the cells that change.
func (s *Screen) Expect(t testing.TB, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	s.mu.Lock()
	from := s.from
	s.mu.Unlock()
	for {
		s.mu.Lock()
		if at := re.FindIndex(s.seen[from:]); at != nil {
			found := string(s.seen[from+at[0] : from+at[1]])
			s.from = from + at[1]
			s.mu.Unlock()
			return found
		}
		from = max(from, len(s.seen)-8<<10) // a match may only just have begun
		last := string(s.seen[max(from, len(s.seen)-500):])
		s.mu.Unlock()
		select {
		case <-s.more:
		case <-timeout:
			t.Fatalf("no output matches %q; the last was %q", pattern, last)
		}
	}
}

// Shows waits until a program that draws on the alternate screen shows what
// matches pattern, and at least one cell of that was drawn after what was
// expected before. It looks after every piece of text that is drawn, so what
// stands there for a moment only is seen too.
func (s *Screen) Shows(t testing.TB, pattern string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	p := newPicture(s.cols, s.rows)
	defer p.close()
	s.mu.Lock()
	p.draw(s.seen[:s.from])
	s.mu.Unlock()
	p.settle()
	for {
		s.mu.Lock()
		for s.from < len(s.seen) {
			n := p.step(s.seen[s.from:])
			if n == 0 {
				break
			}
			s.from += n
			if p.shows(re) {
				s.mu.Unlock()
				return
			}
		}
		s.mu.Unlock()
		select {
		case <-s.more:
		case <-timeout:
			t.Fatalf("the screen never shows %q; it shows:\n%s", pattern, p)
		}
	}
}
