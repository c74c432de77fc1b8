package tui

import (
	"strings"
	"sync"
	"sync/atomic"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"lectern/internal/emulator"
	"lectern/internal/look"
)

const (
	// The size of a learner's terminal is bounded like everywhere else.
	maxMirrorCols, maxMirrorRows = 500, 200
	// maxCell is how many bytes one character of a screen may have: the longest
	// emoji have fewer.
	maxCell = 32
)

// mirror is a learner's terminal as it is shown to somebody else. What is written
// to it goes into an emulator and no further: only letters and plain styles are
// read from there.
type mirror struct {
	mu       sync.Mutex
	terminal *emulator.Emulator // nil before the first and after the last output
	cols     int
	rows     int
	written  int64
	crop     atomic.Pointer[crop] // apart from mu, so that no key waits for output
	last     *picture             // what is shown for good once there is no more output
	changed  chan struct{}        // holds a token while there is something new to draw
}

// crop is the part of a terminal that is drawn.
type crop struct {
	x, y, width, height int
	follow              bool // keep the cursor in sight
	noColor             bool
}

// picture is what a mirror showed at one moment.
type picture struct {
	lines      []string
	cols, rows int
	x, y       int   // of the part that is drawn
	aim        crop  // what that was to be
	written    int64 // how much output it shows
}

func newMirror() *mirror {
	m := &mirror{cols: 80, rows: 24, changed: make(chan struct{}, 1)}
	m.crop.Store(&crop{width: m.cols, height: m.rows})
	return m
}

// Write shows more of the learner's output. It never fails. It gives way to the
// drawing every few bytes.
func (m *mirror) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(emulator.Step, len(rest))
		m.feed(rest[:n])
		rest = rest[n:]
	}
	m.touch()
	return len(p), nil
}

// feed writes a few bytes. Where they make the emulator panic, it begins anew:
// what the learner's program draws next is right again.
func (m *mirror) feed(p []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.restart()
	m.written += int64(len(p))
	if m.terminal == nil {
		m.terminal = emulator.New(m.cols, m.rows, 0)
	}
	_, _ = m.terminal.Write(p)
}

// size follows the learner's terminal.
func (m *mirror) size(cols, rows int) {
	m.mu.Lock()
	defer m.touch()
	defer m.mu.Unlock()
	defer m.restart()
	m.cols, m.rows = max(1, min(cols, maxMirrorCols)), max(1, min(rows, maxMirrorRows))
	if m.terminal != nil {
		m.terminal.Resize(m.cols, m.rows)
	}
}

// restart is deferred by what a panic of the emulator may end.
func (m *mirror) restart() {
	if recover() != nil {
		m.drop()
	}
}

func (m *mirror) drop() {
	if m.terminal != nil {
		m.terminal.Close()
		m.terminal = nil
	}
}

// close keeps the last picture and frees the emulator.
func (m *mirror) close() {
	last := m.draw()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = &last
	m.drop()
}

// touch says that there is something to draw.
func (m *mirror) touch() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// aim draws another part from now on.
func (m *mirror) aim(c crop) {
	if *m.crop.Swap(&c) != c {
		m.touch()
	}
}

// draw is what the mirror shows now.
func (m *mirror) draw() (p picture) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.restart()
	if m.last != nil {
		return *m.last
	}
	c := *m.crop.Load()
	p = picture{cols: m.cols, rows: m.rows, aim: c, written: m.written}
	var cursor uv.Position
	hidden := true
	if m.terminal != nil {
		cursor, hidden = m.terminal.CursorPosition(), m.terminal.CursorHidden()
	}
	if c.follow {
		c.x, c.y = max(0, cursor.X-c.width+1), max(0, cursor.Y-c.height+1)
	}
	p.x, p.y = max(0, min(c.x, m.cols-c.width)), max(0, min(c.y, m.rows-c.height))
	for y := p.y; y < min(m.rows, p.y+c.height); y++ {
		at := -1
		if !hidden && y == cursor.Y {
			at = cursor.X
		}
		p.lines = append(p.lines, m.line(y, p.x, min(m.cols, p.x+c.width), at, c.noColor))
	}
	return p
}

// line draws the columns from to to of a row, with the cursor in column at.
func (m *mirror) line(y, from, to, at int, noColor bool) string {
	if m.terminal == nil {
		return ""
	}
	var b strings.Builder
	var pen uv.Style
	for x := from; x < to; {
		text, width, style := " ", 1, uv.Style{}
		if cell := m.terminal.CellAt(x, y); cell != nil {
			style = plainStyle(cell.Style, noColor)
			if cell.Width > 0 && x+cell.Width <= to { // not a half of a wide one
				text, width = cellText(cell.Content, cell.Width), cell.Width
			}
		}
		if x <= at && at < x+width {
			style.Attrs ^= uv.AttrReverse
		}
		if !style.Equal(&pen) {
			b.WriteString(style.Diff(&pen))
			pen = style
		}
		b.WriteString(text)
		x += width
	}
	if !pen.IsZero() {
		b.WriteString(ansi.ResetStyle)
	}
	return b.String()
}

// plainStyle leaves the looks that disturb nobody, and no colours where none are
// wanted.
func plainStyle(s uv.Style, noColor bool) uv.Style {
	s.Attrs &= uv.AttrBold | uv.AttrFaint | uv.AttrItalic | uv.AttrReverse | uv.AttrStrikethrough
	if noColor {
		s.Fg, s.Bg, s.UnderlineColor = nil, nil, nil
	}
	return s
}

// cellText is the text of a cell, of exactly width columns and without anything
// that a terminal could act upon.
func cellText(s string, width int) string {
	if len(s) == 1 && width == 1 && s[0] >= ' ' && s[0] <= '~' {
		return s
	}
	if len(s) > maxCell {
		s = "\uFFFD"
	}
	s = look.Fill(look.Clean(strings.Map(printable, s)), width)
	if ansi.StringWidth(s) != width {
		s = look.Fill("\uFFFD", width)
	}
	return s
}

// printable leaves the line feeds and tabs out that [look.Clean] keeps.
func printable(r rune) rune {
	if r == '\n' || r == '\t' {
		return -1
	}
	return r
}
