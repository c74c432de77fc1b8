// Package emulator is a terminal that exists in memory only, for bytes that
// anything in a sandbox may have written: a picture is drawn from what they
// leave behind, and none of them gets further.
//
// It may still panic on them, which the caller has to expect, and no call is
// safe beside another.
package emulator

import (
	"io"
	"reflect"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Step is how many bytes to write at once where something else must not wait
// for long: each of them may scroll the largest screen.
const Step = 128

// Emulator is a terminal in memory.
type Emulator struct {
	*vt.Emulator
	drained chan struct{} // closed when its answers are read no more
}

// New returns an emulator that must be closed. It keeps scrollback lines that
// have left its main screen at the top; 0 are none.
func New(cols, rows, scrollback int) *Emulator {
	e := &Emulator{Emulator: vt.NewEmulator(cols, rows), drained: make(chan struct{})}
	e.keep(scrollback)
	e.boundRepeats()
	go func() { // its answers to the queries in the output would block it
		defer close(e.drained)
		_, _ = io.Copy(io.Discard, e.Emulator)
	}()
	return e
}

// Close frees the emulator. It is not that of vt, which races with the reading
// of its answers.
func (e *Emulator) Close() {
	if answers, ok := e.InputPipe().(io.Closer); ok {
		_ = answers.Close()
		<-e.drained
	}
}

// keep bounds the lines that are kept of what has left the screens. vt takes 0
// for 10000, and keeps as many of the alternate screen, to which it gives no
// access: at 500 columns that is half a gigabyte each.
func (e *Emulator) keep(lines int) {
	screens := reflect.ValueOf(e.Emulator).Elem().FieldByName("scrs")
	for i := range screens.Len() {
		screen := (*vt.Screen)(screens.Index(i).Addr().UnsafePointer())
		if i > 0 || lines <= 0 {
			screen.SetScrollback(nil)
			continue
		}
		screen.SetScrollbackSize(lines)
	}
}

// boundRepeats leaves out what asks the emulator to do something more often
// than a line has columns: it would do so for minutes.
func (e *Emulator) boundRepeats() {
	for _, final := range []int{'b', 'I', 'Z', 'X'} { // repeat a character, tab, tab back, erase
		e.RegisterCsiHandler(final, func(params ansi.Params) (done bool) {
			n, _, _ := params.Param(0, 1)
			return n > e.Width()
		})
	}
}
