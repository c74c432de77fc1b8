package gateway

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A model says that a stage is complete by a marker in its own text, which the
// tutor's program prints like the rest. The proxy tells of it before the words
// pass, so by the time the marker comes here it is known whether it counted.
const (
	stageMarker  = "[STAGE_COMPLETE:"
	courseMarker = "[DUNGEON_COMPLETE]"
	common       = "_COMPLETE"
	// stageDigits of a marker are looked at; no course has more stages.
	stageDigits = 6
	// holdFor is how long the beginning of what may be a marker is kept back.
	holdFor = 20 * time.Millisecond
)

// markers is a learner's terminal on which markers that counted read as
// sentences of the same width. All else passes byte for byte, so that one whom
// a marker would deceive, as by typing it, sees what they have typed.
type markers struct {
	w io.Writer
	// recorded looks up what is recorded by now and gives what a marker of a
	// stage, or of the whole course where stage is 0, says in words: "" where it
	// says nothing that is so. It is called once for output with markers in it.
	recorded func() func(stage int) string

	mu     sync.Mutex
	held   []byte // the beginning of a marker at the end of what was written
	last   byte   // what was written before held
	out    []byte
	err    error
	timer  *time.Timer
	timing sync.WaitGroup // the timer, where it runs
}

// Write passes output on. Where no marker is in it, that costs a search and
// nothing else.
func (m *markers) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return 0, m.err
	}
	n := len(p)
	if len(m.held) > 0 {
		m.stop()
		m.held = append(m.held, p...)
		p = m.held
	}
	text, rest := m.replace(p)
	if len(text) > 0 {
		m.last = text[len(text)-1]
		if _, m.err = m.w.Write(text); m.err != nil {
			return 0, m.err
		}
	}
	m.held = append(m.held[:0], rest...)
	if len(m.held) > 0 {
		m.start()
	}
	return n, nil
}

// replace gives what can be written of p, and the end of p that must wait.
func (m *markers) replace(p []byte) (text, rest []byte) {
	rest = m.begun(p)
	p = p[:len(p)-len(rest)]
	m.out = m.out[:0]
	from := 0 // what is before is in m.out
	var said func(stage int) string
	for at := 0; ; {
		// Of what all markers have in common: "[" is in every coloured line.
		next := bytes.Index(p[at:], []byte(common))
		if next < 0 {
			break
		}
		at += next
		begin, length, stage := m.around(p, at)
		at += len(common)
		if length == 0 {
			continue
		}
		if said == nil {
			said = m.recorded()
		}
		if words := said(stage); words != "" {
			m.out = append(m.out, p[from:begin]...)
			m.out = append(m.out, words...)
			from = begin + length
		}
	}
	if from == 0 {
		return p, rest
	}
	m.out = append(m.out, p[from:]...)
	return m.out, rest
}

// begun is the end of p that may be the beginning of a marker.
func (m *markers) begun(p []byte) []byte {
	const longest = len(stageMarker) + stageDigits
	for at := max(0, len(p)-longest); at < len(p); at++ {
		if p[at] == '[' && !m.escaped(p, at) {
			if length, _, whole := marker(p[at:]); length > 0 && !whole {
				return p[at:]
			}
		}
	}
	return nil
}

// around looks for a marker of which p has the common part at a place.
func (m *markers) around(p []byte, at int) (begin, length, stage int) {
	for _, name := range []string{stageMarker, courseMarker} {
		begin = at - strings.Index(name, common)
		if begin < 0 || p[begin] != '[' || m.escaped(p, begin) {
			continue
		}
		if length, stage, whole := marker(p[begin:]); whole {
			return begin, length, stage
		}
	}
	return 0, 0, 0
}

// escaped tells whether a "[" belongs to a control sequence, such as the
// cursor's step to the left.
func (m *markers) escaped(p []byte, at int) bool {
	if at == 0 {
		return m.last == '\x1b'
	}
	return p[at-1] == '\x1b'
}

// marker looks for one at the beginning of p, which is a "[", and gives its
// length: 0 where none is there. It is not whole where p ends within it. The "["
// alone is none yet: at the end of a chunk it is mostly something else.
func marker(p []byte) (length, stage int, whole bool) {
	if len(p) < 2 {
		return 0, 0, false
	}
	name := stageMarker
	if p[1] == courseMarker[1] {
		name = courseMarker
	}
	n := min(len(p), len(name))
	if string(p[:n]) != name[:n] {
		return 0, 0, false
	}
	if n < len(name) || name == courseMarker {
		return n, 0, n == len(name)
	}
	for n < len(p) && n-len(name) < stageDigits && '0' <= p[n] && p[n] <= '9' {
		stage = 10*stage + int(p[n]-'0')
		n++
	}
	switch {
	case n > len(name) && p[len(name)] == '0': // no number that is a stage's
		return 0, 0, false
	case n == len(p):
		return n, 0, false
	case p[n] != ']' || stage == 0:
		return 0, 0, false
	}
	return n + 1, stage, true
}

// start lets what is held go when the rest does not come soon.
func (m *markers) start() {
	m.timing.Add(1)
	m.timer = time.AfterFunc(holdFor, func() {
		defer m.timing.Done()
		m.mu.Lock()
		defer m.mu.Unlock()
		m.flush()
	})
}

func (m *markers) stop() {
	if m.timer != nil && m.timer.Stop() {
		m.timing.Done()
	}
	m.timer = nil
}

func (m *markers) flush() {
	if len(m.held) > 0 && m.err == nil {
		m.last = m.held[len(m.held)-1]
		_, m.err = m.w.Write(m.held)
	}
	m.held = m.held[:0]
}

// close lets go of what is held. Nothing may be written after it.
func (m *markers) close() {
	m.mu.Lock()
	m.stop()
	m.flush()
	m.mu.Unlock()
	m.timing.Wait()
}

// withMarkers is the learner's terminal while it shows the sandbox of a course.
func (s *session) withMarkers(courseID string) *markers {
	return &markers{w: s.channel, recorded: func() func(stage int) string {
		c, ok := s.server.Courses.ByID(courseID)
		records, err := s.server.Progress.Course(s.who.Login, courseID)
		if !ok || err != nil {
			return func(int) string { return "" }
		}
		return func(stage int) string { return saidBy(stage, len(c.Stages), doneIn(records)) }
	}}
}

// saidBy is a marker in words, as wide as it is itself: "" where the learner
// has not done what it says. That of the course (stage 0) counts for the last
// stage, which a learner may do before others.
func saidBy(stage, last int, done func(stage int) bool) string {
	if stage > 0 {
		if !done(stage) {
			return ""
		}
		return fmt.Sprintf("✓ stage %d complete", stage)
	}
	if last == 0 || !done(last) {
		return ""
	}
	for n := range last {
		if !done(n + 1) {
			return fmt.Sprintf("%-*s", len(courseMarker), fmt.Sprintf("✓ stage %d done", last))
		}
	}
	return fmt.Sprintf("%-*s", len(courseMarker), "✓ course complete")
}
