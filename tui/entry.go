package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"lectern/internal/look"
)

// entry is one line of text that is being typed. It is not bubbles/textinput,
// whose paste key reads the clipboard of the machine that runs the program and
// whose cursor needs a timer.
type entry struct {
	text  string
	at    int // where the next character goes, in bytes
	limit int // the length at most, in letters
}

// press edits the text and reports whether it had a use for the key.
func (e *entry) press(k tea.KeyPressMsg) bool {
	before, after := e.text[:e.at], e.text[e.at:]
	switch s := k.String(); {
	case s == "left" && before != "":
		e.at = lastCluster(before)
	case s == "right" && after != "":
		e.at += firstCluster(after)
	case s == "home" || s == "ctrl+a":
		e.at = 0
	case s == "end" || s == "ctrl+e":
		e.at = len(e.text)
	case s == "backspace":
		e.keep(before[:lastCluster(before)], after)
	case s == "delete":
		e.keep(before, after[firstCluster(after):])
	case s == "ctrl+u":
		e.keep("", after)
	case s == "ctrl+k":
		e.keep(before, "")
	case s == "ctrl+w":
		e.keep(before[:strings.LastIndexByte(strings.TrimRight(before, " "), ' ')+1], after)
	case k.Text != "":
		e.insert(k.Text)
	default:
		return false
	}
	return true
}

// keep makes the text what is before and after the cursor.
func (e *entry) keep(before, after string) { e.text, e.at = before+after, len(before) }

// set makes s the text, with the cursor behind it.
func (e *entry) set(s string) { e.keep("", ""); e.insert(s) }

// insert adds typed or pasted text at the cursor, or as much of it as there is
// room for. Nothing of it can act on a terminal: of an escape sequence the
// letters stay.
func (e *entry) insert(s string) {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
	for room := e.limit - e.letters(); s != "" && utf8.RuneCountInString(s) > room; {
		s = s[:lastCluster(s)]
	}
	e.keep(e.text[:e.at]+s, e.text[e.at:])
}

// letters is the length of the text.
func (e *entry) letters() int { return utf8.RuneCountInString(e.text) }

// shown is the part of the text around the cursor that width columns have room
// for, and the column of the cursor in it.
func (e *entry) shown(width int) (text string, column int) {
	width = max(width, 2)
	before, after := e.text[:e.at], e.text[e.at:]
	// The cursor needs a column of its own.
	if over := ansi.StringWidth(before) - (width - 1); over > 0 {
		before = ansi.TruncateLeft(before, over+1, look.SignMore)
	}
	column = ansi.StringWidth(before)
	return before + look.Clip(after, width-column), column
}

// lastCluster is where the last character that a reader sees as one begins.
func lastCluster(s string) int {
	last := 0
	for i := 0; i < len(s); {
		last = i
		i += firstCluster(s[i:])
	}
	return last
}

// firstCluster is the length of the first character that a reader sees as one.
func firstCluster(s string) int {
	cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return min(len(s), max(1, len(cluster)))
}
