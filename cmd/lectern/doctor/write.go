package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Writer writes rows for people, one after the other as they come.
type Writer struct {
	to      io.Writer
	colours bool
	width   int // of the longest name
	group   Group
	mends   map[string]string // the row that has said it
	err     error
}

// NewWriter writes rows with these names; colours are for a terminal.
func NewWriter(to io.Writer, names []string, colours bool) *Writer {
	w := &Writer{to: to, colours: colours, mends: make(map[string]string)}
	for _, name := range names {
		w.width = max(w.width, ansi.StringWidth(name))
	}
	return w
}

// How each state looks: its sign and its colour (ECMA-48, SGR).
var looks = map[State]struct{ sign, colour string }{
	Good: {"✓", "\x1b[32m"}, Bad: {"✗", "\x1b[1;31m"}, Skipped: {"–", "\x1b[2m"},
}

// Write writes one row, and what to do about it.
func (w *Writer) Write(r Row) {
	if r.Group != w.group {
		if w.group != "" {
			w.line("")
		}
		w.group = r.Group
		w.line(w.coloured("\x1b[1m", string(r.Group)))
	}
	look := looks[r.State]
	name := r.Name + strings.Repeat(" ", w.width-ansi.StringWidth(r.Name))
	text := plain(r.Text)
	if r.State == Skipped {
		text = w.coloured(look.colour, text)
	}
	w.line("  " + w.coloured(look.colour, look.sign) + " " + name + "  " + text)
	if r.Mend == "" {
		return
	}
	mend := "→ " + plain(r.Mend)
	if row, said := w.mends[r.Mend]; said {
		mend = "→ as for " + row
	} else {
		w.mends[r.Mend] = r.Name
	}
	w.line(strings.Repeat(" ", len("  x ")+w.width) + "  " + mend)
}

// Close writes the sum.
func (w *Writer) Close(rows []Row) error {
	count := make(map[State]int)
	for _, r := range rows {
		count[r.State]++
	}
	w.line("")
	sum := fmt.Sprintf("%d good, %d wrong, %d not looked at", count[Good], count[Bad], count[Skipped])
	if count[Bad] > 0 {
		w.line(w.coloured(looks[Bad].colour, sum))
	} else {
		w.line(sum)
	}
	return w.err
}

func (w *Writer) line(text string) {
	if w.err == nil {
		_, w.err = fmt.Fprintln(w.to, text)
	}
}

func (w *Writer) coloured(colour, text string) string {
	if !w.colours {
		return text
	}
	return colour + text + "\x1b[m"
}

// plain shows control characters, which may come from anywhere that was looked
// at, instead of obeying them.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '�'
		}
		return r
	}, text)
}

// WriteJSON writes all rows for programs.
func WriteJSON(to io.Writer, rows []Row) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		OK   bool  `json:"ok"`
		Rows []Row `json:"rows"`
	}{Sound(rows), rows})
}
