package tui

import "charm.land/lipgloss/v2"

// form lays out a screen that asks for something: paragraphs, choices and a
// line to type into, one below the other.
type form struct {
	page
	tight bool // without blank lines
	out   []string
}

// newForm returns an empty form. The lines of its page are those of running
// text.
func newForm(p page) *form {
	p.width = min(p.width-2, maxText)
	return &form{page: p}
}

func (f *form) add(lines ...string) {
	for _, l := range lines {
		f.out = append(f.out, " "+l)
	}
}

// say adds a paragraph.
func (f *form) say(style lipgloss.Style, text string) {
	f.add(each(style, shorten(wrap(text, f.width), 4, f.width))...)
}

// blank is an empty line at the top, gap one between two things, where there is
// room for them.
func (f *form) blank() {
	if f.height > 9 && !f.spaced && !f.tight {
		f.out = append(f.out, "")
	}
}

func (f *form) gap() {
	if f.height > 7 && !f.tight {
		f.out = append(f.out, "")
	}
}

// entry adds a line to type into, behind a label.
func (f *form) entry(label string, e *entry) {
	column := lipgloss.Width(label)
	shown, at := e.shown(f.width - column)
	f.caret.put(1+column+at, len(f.out))
	f.add(label + shown)
}
