package hold

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"lectern/internal/emulator"
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
// ordinary screen takes a twentieth of it. For a watcher nothing waits, and nothing
// makes the tutor draw what would be missing.
const (
	drawLimit         = 300 * time.Millisecond
	watchersDrawLimit = 3 * time.Second
)

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
	terminal := emulator.New(p.size.Cols, p.size.Rows, scrollback)
	defer terminal.Close()
	if p.alternate {
		_, _ = terminal.WriteString(ansi.SetModeAltScreenSaveCursor)
	}
	for rest := p.output; len(rest) > 0; {
		if time.Now().After(deadline) {
			return ""
		}
		n := min(emulator.Step, len(rest))
		_, _ = terminal.Write(rest[:n])
		rest = rest[n:]
	}
	var b strings.Builder
	if lines := terminal.Scrollback(); !p.alternate && lines != nil {
		for i := range lines.Len() {
			b.WriteString(lines.Line(i).Render())
			b.WriteString("\x1b[m\r\n")
		}
	}
	b.WriteString(strings.ReplaceAll(terminal.Render(), "\n", "\x1b[m\r\n"))
	cursor := terminal.CursorPosition()
	fmt.Fprintf(&b, "\x1b[m\x1b[%d;%dH", cursor.Y+1, cursor.X+1)
	return b.String()
}
