package lecterntest

import (
	"regexp"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for output.
const patience = 20 * time.Second

// Screen takes the output of a terminal and lets a test wait for parts of it,
// one after the other.
type Screen struct {
	mu   sync.Mutex
	seen []byte
	from int           // Expect looks from here on
	more chan struct{} // holds a token when seen has grown
}

// NewScreen returns an empty one.
func NewScreen() *Screen { return &Screen{more: make(chan struct{}, 1)} }

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
// before, and returns it. A match may be up to 8 KiB long.
func (s *Screen) Expect(t testing.TB, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		if at := re.FindIndex(s.seen[s.from:]); at != nil {
			found := string(s.seen[s.from+at[0] : s.from+at[1]])
			s.from += at[1]
			s.mu.Unlock()
			return found
		}
		s.from = max(s.from, len(s.seen)-8<<10) // a match may only just have begun
		last := string(s.seen[max(s.from, len(s.seen)-500):])
		s.mu.Unlock()
		select {
		case <-s.more:
		case <-timeout:
			t.Fatalf("no output matches %q; the last was %q", pattern, last)
		}
	}
}
