package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"golang.org/x/text/unicode/norm"

	"lectern/internal/look"
)

// maxFilter bounds the typed text, in letters.
const maxFilter = 100

// filter is a line of text that narrows a list while it is typed.
type filter struct {
	entry
	typing bool
}

// newFilter returns a filter that lets everything through.
func newFilter() filter { return filter{entry: entry{limit: maxFilter}} }

// inUse reports whether the filter is to be seen.
func (f *filter) inUse() bool { return f.typing || f.text != "" }

// press edits the text and reports whether it had a use for the key.
func (f *filter) press(k tea.KeyPressMsg) bool {
	switch {
	case !f.typing:
		if !key.Matches(k, keyFilter) {
			return false
		}
		f.typing = true
	case key.Matches(k, keyClear):
		*f = newFilter()
	case k.String() == "backspace" && f.text == "":
		f.typing = false
	default:
		return f.entry.press(k)
	}
	return true
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
	shown, column := f.shown(width - 19)
	left := " " + t.selected.Render("/") + " " + shown
	return look.Spread(left, t.faded.Render(count(found, "match", "matches")), width-1), 3 + column
}
