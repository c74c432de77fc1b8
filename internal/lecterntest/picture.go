package lecterntest

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// picture is the alternate screen of a terminal, on which programs draw. What
// is written to the main one is passed over: it is a stream.
type picture struct {
	emulator *vt.Emulator
	drained  chan struct{}
	cells    []string // by row and column
	fresh    []bool   // those that have changed since settle
}

func newPicture(cols, rows int) *picture {
	p := &picture{
		emulator: vt.NewEmulator(cols, rows), drained: make(chan struct{}),
		cells: make([]string, cols*rows), fresh: make([]bool, cols*rows),
	}
	go func() { // its answers to the queries in the output would block it
		defer close(p.drained)
		_, _ = io.Copy(io.Discard, p.emulator)
	}()
	return p
}

// close ends the reading of the answers. Emulator.Close would race with it.
func (p *picture) close() {
	_ = p.emulator.InputPipe().(io.Closer).Close()
	<-p.drained
}

// step takes the beginning of output up to the next sequence, and says how much
// that is: nothing where more is needed first.
func (p *picture) step(output []byte) int {
	n := len(output)
	if !p.emulator.IsAltScreen() {
		switch on := bytes.Index(output, []byte(ansi.SetModeAltScreenSaveCursor)); {
		case on < 0: // it may have begun at the end
			return max(0, n-len(ansi.SetModeAltScreenSaveCursor)+1)
		case on > 0:
			return on
		}
	}
	if next := bytes.IndexByte(output[1:], '\x1b'); next >= 0 {
		n = 1 + next
	}
	_, _ = p.emulator.Write(output[:n])
	return n
}

// draw takes all of output.
func (p *picture) draw(output []byte) {
	for len(output) > 0 {
		n := p.step(output)
		if n == 0 {
			return
		}
		output = output[n:]
	}
}

// settle makes all that is shown old.
func (p *picture) settle() {
	p.look()
	clear(p.fresh)
}

// look notes which cells have changed.
func (p *picture) look() {
	cols := p.emulator.Width()
	for i := range p.cells {
		text := " "
		if p.emulator.IsAltScreen() {
			if cell := p.emulator.CellAt(i%cols, i/cols); cell != nil && (cell.Content != "" || cell.Width == 0) {
				text = cell.Content
			}
		}
		if text != p.cells[i] {
			p.cells[i], p.fresh[i] = text, true
		}
	}
}

// shows tells whether something on the screen matches of which a cell is fresh.
func (p *picture) shows(re *regexp.Regexp) bool {
	p.look()
	text, cell := p.text()
	for _, at := range re.FindAllStringIndex(text, -1) {
		for _, i := range cell[at[0]:at[1]] {
			if i >= 0 && p.fresh[i] {
				return true
			}
		}
	}
	return false
}

// text is all rows, and for each of its bytes the cell it belongs to.
func (p *picture) text() (string, []int) {
	var b strings.Builder
	var of []int
	for i, content := range p.cells {
		if i > 0 && i%p.emulator.Width() == 0 {
			b.WriteByte('\n')
			of = append(of, -1)
		}
		b.WriteString(content)
		for range len(content) {
			of = append(of, i)
		}
	}
	return b.String(), of
}

func (p *picture) String() string {
	text, _ := p.text()
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
