package tui

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"

	"lectern/internal/look"
)

// maxFilter bounds the typed text, in bytes.
const maxFilter = 200

// filter is one line of text that narrows a list while it is typed. It is not
// bubbles/textinput, whose paste key reads the clipboard of the machine that
// runs the program and whose cursor needs a timer.
type filter struct {
	text   string
	typing bool
}

// press edits the text and reports whether it had a use for the key.
func (f *filter) press(k tea.KeyPressMsg) bool {
	switch {
	case !f.typing:
		if !key.Matches(k, keyFilter) {
			return false
		}
		f.typing = true
	case key.Matches(k, keyClear):
		*f = filter{}
	case k.String() == "backspace":
		if f.text == "" {
			f.typing = false
		}
		f.text = f.text[:lastCluster(f.text)]
	case k.String() == "ctrl+u":
		f.text = ""
	case k.String() == "ctrl+w":
		f.text = f.text[:strings.LastIndexByte(strings.TrimRight(f.text, " "), ' ')+1]
	case k.Text != "":
		f.insert(k.Text)
	default:
		return false
	}
	return true
}

// insert adds typed or pasted text at the end.
func (f *filter) insert(s string) {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	if len(f.text)+len(s) <= maxFilter {
		f.text += s
	}
}

// lastCluster is where the last character that a reader sees as one begins.
func lastCluster(s string) int {
	last := 0
	for i := 0; i < len(s); {
		last = i
		cluster, _ := ansi.FirstGraphemeCluster(s[i:], ansi.GraphemeWidth)
		i += max(1, len(cluster))
	}
	return last
}

// matches reports whether every word of the filter is in one of the texts.
func (f *filter) matches(texts ...string) bool {
	if f.text == "" {
		return true
	}
	all := fold(strings.Join(texts, "\n"))
	for word := range strings.FieldsSeq(fold(f.text)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

// fold makes texts comparable: without case, and with Hangul composed, which
// some terminals send as separate letters.
func fold(s string) string { return norm.NFC.String(strings.ToLower(s)) }

// line draws the filter above its list and says in which column the cursor is.
func (f *filter) line(t *theme, found, width int) (string, int) {
	shown := f.text
	if room := max(1, width-20); ansi.StringWidth(shown) > room {
		shown = ansi.TruncateLeft(shown, ansi.StringWidth(shown)-room+1, look.SignMore)
	}
	left := " " + t.selected.Render("/") + " " + shown
	return look.Spread(left, t.faded.Render(count(found, "match", "matches")), width-1), 3 + ansi.StringWidth(shown)
}
