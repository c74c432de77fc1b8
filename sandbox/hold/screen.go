package hold

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/parser"

	"lectern/sandbox"
)

const (
	// ringSize bounds the memory of a screen; it holds a full repaint of the
	// largest terminal several times over.
	ringSize = 256 << 10
	// scrollback is how many lines above the screen a new terminal is given.
	scrollback = 200
	// replayed is how much output is drawn for a new terminal at most, besides
	// two bytes for each of its cells: what it waits for grows with that.
	replayed = 48 << 10
)

// screen remembers of a tutor's output what a terminal that joins later needs:
// the newest bytes, and the modes that were switched on at any time.
type screen struct {
	ring    *ring
	parser  *ansi.Parser
	modes   map[ansi.Mode]bool // DEC private modes that differ from a fresh terminal
	keypad  bool               // application keypad (DECKPAM)
	kitty   []int              // stack of keyboard protocol flags
	modKeys int                // xterm's modifyOtherKeys
	title   string
	titles  int      // how often the program has set its title
	saved   []string // titles that it has put aside (XTWINOPS)
	at      int64    // position in the output of the byte that is being parsed
	altAt   int64    // where the alternate screen came on last
	mainAt  int64    // where the main screen came back last
}

// restored are the DEC private modes that a joining terminal is put into.
// Others (column mode, for one) would do harm or matter only to the moment.
var restored = []ansi.Mode{
	ansi.ModeCursorKeys, ansi.ModeAutoWrap, ansi.ModeTextCursorEnable,
	ansi.ModeMouseNormal, ansi.ModeMouseButtonEvent, ansi.ModeMouseAnyEvent,
	ansi.ModeFocusEvent, ansi.ModeMouseExtSgr, ansi.ModeBracketedPaste,
	ansi.ModeUnicodeCore, ansi.ModeLightDark,
}

// onAtStart are those that a fresh terminal has on.
var onAtStart = []ansi.Mode{ansi.ModeAutoWrap, ansi.ModeTextCursorEnable}

func newScreen() *screen {
	s := &screen{ring: newRing(ringSize), parser: ansi.NewParser()}
	s.parser.SetDataSize(1 << 10) // titles; longer strings are cut, not refused
	s.reset()
	s.parser.SetHandler(ansi.Handler{HandleCsi: s.csi, HandleEsc: s.esc, HandleOsc: s.osc})
	return s
}

func (s *screen) reset() {
	s.modes = make(map[ansi.Mode]bool)
	for _, m := range onAtStart {
		s.modes[m] = true
	}
	s.keypad, s.kitty, s.modKeys, s.title = false, nil, 0, ""
}

// Write takes the tutor's output.
func (s *screen) Write(p []byte) (int, error) {
	base := s.ring.total
	for i := 0; i < len(p); i++ {
		if s.settled() {
			// Between sequences, plain text changes nothing that is kept here.
			i += plainLength(p[i:])
			if i == len(p) {
				break
			}
		}
		s.at = base + int64(i)
		s.parser.Advance(p[i])
	}
	return s.ring.Write(p)
}

// plainLength is how many bytes p begins with that start no sequence and no
// character of several bytes.
func plainLength(p []byte) int {
	for i, b := range p {
		if b == '\x1b' || b >= 0x80 {
			return i
		}
	}
	return len(p)
}

// settled tells whether the output stands between two sequences, so that
// something may be put in without breaking one apart.
func (s *screen) settled() bool { return s.parser.State() == parser.GroundState }

func (s *screen) alternate() bool { return s.modes[ansi.ModeAltScreenSaveCursor] }

func (s *screen) csi(cmd ansi.Cmd, params ansi.Params) {
	switch {
	case cmd.Prefix() == '?' && cmd.Intermediate() == 0 && (cmd.Final() == 'h' || cmd.Final() == 'l'):
		params.ForEach(0, func(_, mode int, _ bool) {
			m := ansi.DECMode(mode)
			if mode == 47 || mode == 1047 { // older names of the alternate screen
				m = ansi.ModeAltScreenSaveCursor
			}
			on := cmd.Final() == 'h'
			if m == ansi.ModeAltScreenSaveCursor && on != s.alternate() {
				if on {
					s.altAt = s.at
				} else {
					s.mainAt = s.at
				}
			}
			if m == ansi.ModeAltScreenSaveCursor || slices.Contains(restored, ansi.Mode(m)) {
				s.modes[m] = on
			}
		})
	case cmd.Prefix() == '>' && cmd.Final() == 'u':
		if flags, _, _ := params.Param(0, 0); len(s.kitty) < 32 {
			s.kitty = append(s.kitty, flags)
		}
	case cmd.Prefix() == '<' && cmd.Final() == 'u':
		n, _, _ := params.Param(0, 1)
		s.kitty = s.kitty[:max(0, len(s.kitty)-max(1, n))]
	case cmd.Prefix() == '>' && cmd.Final() == 'm':
		if key, _, _ := params.Param(0, 0); key == 4 {
			s.modKeys, _, _ = params.Param(1, 0)
		}
	case cmd.Prefix() == 0 && cmd.Intermediate() == 0 && cmd.Final() == 't':
		s.setAside(params)
	case cmd.Prefix() == 0 && cmd.Intermediate() == '!' && cmd.Final() == 'p': // DECSTR
		s.reset()
	}
}

func (s *screen) esc(cmd ansi.Cmd) {
	if cmd.Intermediate() != 0 {
		return
	}
	switch cmd.Final() {
	case '=':
		s.keypad = true
	case '>':
		s.keypad = false
	case 'c': // RIS
		s.reset()
	}
}

func (s *screen) osc(cmd int, data []byte) {
	if cmd != 0 && cmd != 2 {
		return
	}
	if _, title, ok := strings.Cut(string(data), ";"); ok {
		s.title = title
		s.titles++
	}
}

// setAside follows a program that puts its title aside and takes it up again.
func (s *screen) setAside(params ansi.Params) {
	const room = 10 // xterm's
	operation, _, _ := params.Param(0, 0)
	if which, _, _ := params.Param(1, 0); which != 0 && which != 2 { // the icon's alone
		return
	}
	switch last := len(s.saved) - 1; {
	case operation == 22 && len(s.saved) < room:
		s.saved = append(s.saved, s.title)
	case operation == 23 && last >= 0:
		s.title, s.saved = s.saved[last], s.saved[:last]
		s.titles++
	}
}

// picture copies what puts a terminal of the given size into the state that the
// output has led to.
func (s *screen) picture(size sandbox.Size) picture {
	p := picture{size: size, alternate: s.alternate()}
	p.output = s.newest(size, p.alternate)
	var b strings.Builder
	if s.title != "" {
		b.WriteString(ansi.SetWindowTitle(s.title))
	}
	for _, m := range restored {
		switch on := s.modes[m]; {
		case on && !slices.Contains(onAtStart, m):
			b.WriteString(ansi.SetMode(m))
		case !on && slices.Contains(onAtStart, m):
			b.WriteString(ansi.ResetMode(m))
		}
	}
	if s.keypad {
		b.WriteString("\x1b=")
	}
	if s.modKeys != 0 {
		fmt.Fprintf(&b, "\x1b[>4;%dm", s.modKeys)
	}
	for _, flags := range s.kitty {
		fmt.Fprintf(&b, "\x1b[>%du", flags)
	}
	p.modes = b.String()
	return p
}

// newest is the output that makes the present screen: of the alternate screen
// what came since it is on, of the main one the last lines.
func (s *screen) newest(size sandbox.Size, alternate bool) []byte {
	oldest := s.ring.oldest()
	from := max(oldest, s.ring.total-int64(replayed+2*size.Cols*size.Rows))
	cut := from > 0
	switch {
	case alternate && from <= s.altAt:
		from, cut = s.altAt+1, false
	case !alternate && s.altAt < from && from <= s.mainAt:
		from, cut = s.mainAt+1, false // it would begin within the alternate screen
	}
	p := s.ring.bytes()[from-oldest:]
	if cut {
		p = fromBoundary(p)
	}
	if !alternate {
		p = lastLines(p, scrollback+size.Rows)
	}
	return p
}

// fromBoundary drops the beginning of cut output up to a place at which a line
// or a sequence starts.
func fromBoundary(p []byte) []byte {
	for i, b := range p[:min(len(p), 4<<10)] {
		if b == '\x1b' || b == '\n' {
			return p[i:]
		}
	}
	return p
}

// lastLines is the end of p that has n line feeds.
func lastLines(p []byte, n int) []byte {
	at := len(p)
	for range n {
		if at = bytes.LastIndexByte(p[:at], '\n'); at < 0 {
			return p
		}
	}
	return p[at+1:]
}

// Reset brings a terminal back to normal whatever the program before has left
// switched on: alternate screen, margins, hidden cursor, mouse, focus and paste
// reports, keyboard protocols, colours. Saving the cursor before each step that
// moves it keeps a terminal that was normal all along as it is.
const Reset = "\x1b7\x1b[?1049l" + "\x1b7\x1b[r\x1b8" +
	"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?2026l\x1b[?2031l" +
	"\x1b[<u\x1b[=0;1u\x1b[>4;0m\x1b[?1l\x1b>\x1b[?7h\x1b[?25h\x1b[0 q\x1b(B\x1b[m"
