package hold

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"lectern/sandbox"
)

// picture is a screen's state at one moment, to be drawn while the output goes
// on.
type picture struct {
	size      sandbox.Size
	alternate bool
	output    []byte // what made the screen
	modes     string // what a terminal is put into besides
}

// drawLimit is how long drawing may take: the tutor's output waits meanwhile. An
// ordinary screen takes a twentieth of it.
const drawLimit = 300 * time.Millisecond

// bytes is screen, cursor and modes for a terminal. It holds no query, so that
// the terminal answers nothing.
func (p picture) bytes(limit time.Duration) []byte {
	var b strings.Builder
	b.WriteString(Reset)
	if p.alternate {
		b.WriteString(ansi.SetModeAltScreenSaveCursor)
	}
	b.WriteString("\x1b[2J\x1b[H")
	b.WriteString(p.draw(time.Now().Add(limit)))
	b.WriteString(p.modes)
	return []byte(b.String())
}

// draw runs the kept output through a terminal emulator and returns what its
// screen shows. The emulator meets bytes that anything in the sandbox may have
// written; should it panic or take too long, the terminal starts empty and the
// nudge that follows every attach makes the tutor draw.
func (p picture) draw(deadline time.Time) (drawn string) {
	defer func() {
		if recover() != nil {
			drawn = ""
		}
	}()
	emulator := vt.NewEmulator(p.size.Cols, p.size.Rows)
	emulator.SetScrollbackSize(scrollback)
	boundRepeats(emulator)
	drained := make(chan struct{})
	go func() { // its answers to the queries in the output would block it
		defer close(drained)
		_, _ = io.Copy(io.Discard, emulator)
	}()
	defer func() {
		// Not emulator.Close, which races with the reading.
		if answers, ok := emulator.InputPipe().(io.Closer); ok {
			_ = answers.Close()
			<-drained
		}
	}()
	if p.alternate {
		_, _ = emulator.WriteString(ansi.SetModeAltScreenSaveCursor)
	}
	for rest := p.output; len(rest) > 0; {
		if time.Now().After(deadline) {
			return ""
		}
		const step = 128 // of which each byte may scroll the largest screen
		n := min(step, len(rest))
		_, _ = emulator.Write(rest[:n])
		rest = rest[n:]
	}
	var b strings.Builder
	if lines := emulator.Scrollback(); !p.alternate && lines != nil {
		for i := range lines.Len() {
			b.WriteString(lines.Line(i).Render())
			b.WriteString("\x1b[m\r\n")
		}
	}
	b.WriteString(strings.ReplaceAll(emulator.Render(), "\n", "\x1b[m\r\n"))
	cursor := emulator.CursorPosition()
	fmt.Fprintf(&b, "\x1b[m\x1b[%d;%dH", cursor.Y+1, cursor.X+1)
	return b.String()
}

// boundRepeats leaves out what asks the emulator to do something more often
// than a line has columns: it would do so for minutes.
func boundRepeats(e *vt.Emulator) {
	for _, final := range []int{'b', 'I', 'Z'} { // repeat a character, tab, tab back
		e.RegisterCsiHandler(final, func(params ansi.Params) (done bool) {
			n, _, _ := params.Param(0, 1)
			return n > e.Width()
		})
	}
}
