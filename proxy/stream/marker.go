package stream

import "strings"

const (
	stageMarker  = "[STAGE_COMPLETE:" // then the stage's number and a bracket
	courseMarker = "[DUNGEON_COMPLETE]"
	maxDigits    = 3
	wholeCourse  = 0
)

// matcher finds markers in a text that comes in pieces. All it keeps is what
// could be the beginning of one. Since a bracket can only be the first sign of a
// marker, it never has to look back.
type matcher struct {
	begun [len(courseMarker) + maxDigits]byte
	n     int
}

// read takes the next sign of the text, and tells of the marker that it ends.
func (m *matcher) read(r rune) (stage int, found bool) {
	if r == '[' {
		m.n = 0
	} else if m.n == 0 {
		return 0, false
	}
	if r >= 0x80 || m.n == len(m.begun) {
		m.n = 0
		return 0, false
	}
	m.begun[m.n] = byte(r)
	m.n++
	text := string(m.begun[:m.n]) // does not leave the stack
	switch {
	case text == courseMarker:
		m.n = 0
		return wholeCourse, true
	case strings.HasPrefix(courseMarker, text), strings.HasPrefix(stageMarker, text):
		return 0, false
	case !strings.HasPrefix(text, stageMarker):
		m.n = 0
		return 0, false
	}
	number, ended := strings.CutSuffix(text[len(stageMarker):], "]")
	for i, c := range []byte(number) {
		if c < '0' || c > '9' || i == 0 && c == '0' || i == maxDigits {
			m.n = 0
			return 0, false
		}
		stage = 10*stage + int(c-'0')
	}
	if !ended {
		return 0, false
	}
	m.n = 0
	return stage, stage > 0
}
