package lecterntest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// fatal is a test that Expect or Shows ends.
type fatal struct {
	testing.TB
	said string
}

func (f *fatal) Helper() {}

func (f *fatal) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	panic(f)
}

// fails runs a call that ought to end its test, and returns what that said.
func fails(t *testing.T, call func(testing.TB)) (said string) {
	t.Helper()
	f := &fatal{TB: t}
	defer func() {
		if fault := recover(); fault != nil && fault != f {
			panic(fault)
		}
		if said = f.said; said == "" {
			t.Error("it was found")
		}
	}()
	call(f)
	return ""
}

func impatient(t *testing.T) {
	before := patience
	patience = 0
	t.Cleanup(func() { patience = before })
}

// From a list to a refusal, as Bubble Tea writes it: an S stands there already.
const (
	on      = "\x1b[?25l\x1b[?1049h\x1b[2J\x1b[H"
	list    = on + "Lectern  Second course\x1b[2;1H > open  1  Only stage\x1b[4;1HStage 1 · Only stage"
	refusal = "\x1b[1;11Htart failed\x1b[K\x1b[2;1H\x1b[2KStage 1 · Only stage\x1b[4;9Hin the queue"
	again   = "\x1b[1;11Hecond course\x1b[2;1H > open  1  Only stage"
)

func written(parts ...string) *Screen {
	s := NewScreen()
	for _, part := range parts {
		_, _ = s.Write([]byte(part))
	}
	return s
}

func TestShowsWhatIsDrawnByItsChanges(t *testing.T) {
	s := written(list, refusal)
	s.Shows(t, "Second course")
	s.Shows(t, "Start failed")
	s.Shows(t, "in the queue")

	impatient(t)
	s = written(list, refusal)
	s.Expect(t, "Second course")
	fails(t, func(tb testing.TB) { s.Expect(tb, "Start failed") })
}

// TestShowsIsAboutWhatIsNew: what a test has seen, or could have, does not
// satisfy it twice.
func TestShowsIsAboutWhatIsNew(t *testing.T) {
	s := written(list)
	s.Shows(t, "Only stage")
	s.Shows(t, "Stage 1 · Only stage")
	impatient(t)
	if said := fails(t, func(tb testing.TB) { s.Shows(tb, "Only stage") }); !strings.Contains(said, "\n > open  1  Only stage\n") {
		t.Errorf("it does not say what is shown: %s", said)
	}
	_, _ = s.Write([]byte(refusal + again))
	s.Shows(t, "Start failed") // for a moment
	s.Shows(t, "Second course")
	s.Shows(t, "Only stage")
	fails(t, func(tb testing.TB) { s.Shows(tb, "Start failed") })
}

// TestShowsBetweenStreams: pickers and what a sandbox writes take turns.
func TestShowsBetweenStreams(t *testing.T) {
	off := ansi.ResetModeAltScreenSaveCursor
	all := list + off + "hello\r\nOnly stage\r\n" + list + off + "bye"
	for name, cut := range map[string]int{"whole": len(all), "in bytes": 1, "in threes": 3} {
		t.Run(name, func(t *testing.T) {
			s := NewScreen()
			var writing sync.WaitGroup
			defer writing.Wait()
			writing.Go(func() {
				for rest := all; rest != ""; {
					n := min(cut, len(rest))
					_, _ = s.Write([]byte(rest[:n]))
					rest = rest[n:]
				}
			})
			s.Shows(t, "Only stage")
			s.Expect(t, "hello\r\n")
			s.Shows(t, `\n > open +1  Only stage`) // not the stream's
			s.Expect(t, "bye")
		})
	}
}

// TestShowsAnswersNobody: the emulator's answers must not block it.
func TestShowsAnswersNobody(t *testing.T) {
	s := written(on, "\x1b[c\x1b[6n\x1b[?2026$p\x1b]11;?\x07", strings.Repeat("\x1b[c", 100)+"asked")
	s.Shows(t, "asked")
}
