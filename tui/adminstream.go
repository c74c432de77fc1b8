package tui

import (
	"context"
	"time"

	"lectern/internal/emulator"
)

// stream is what a watch writes to: it brings a learner's output to a mirror. Some
// bytes cost an emulator hundreds of times more than others, and the learner may
// choose them, so it rests as long as it works, and ends in the middle of a write
// once nobody watches any more. What is shown falls behind then, and the sandbox
// leaves out what is not taken in time.
type stream struct {
	mirror *mirror
	ctx    context.Context // of the watch
	worked time.Duration   // since it has rested
}

// restAfter is how long a stream works without a rest, which an ordinary screen
// takes a fraction of.
const restAfter = 10 * time.Millisecond

// Write shows more output.
func (s *stream) Write(p []byte) (int, error) {
	for n := 0; n < len(p); {
		if err := s.ctx.Err(); err != nil {
			return n, err
		}
		next := min(emulator.Step, len(p)-n)
		s.work(func() { _, _ = s.mirror.Write(p[n : n+next]) })
		n += next
	}
	return len(p), nil
}

// size follows the learner's terminal.
func (s *stream) size(cols, rows int) {
	if s.ctx.Err() == nil {
		s.work(func() { s.mirror.size(cols, rows) })
	}
}

func (s *stream) work(do func()) {
	began := time.Now()
	do()
	if s.worked += time.Since(began); s.worked < restAfter {
		return
	}
	rest := time.NewTimer(s.worked)
	defer rest.Stop()
	s.worked = 0
	select {
	case <-rest.C:
	case <-s.ctx.Done():
	}
}
