package tui

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

// list is the place of the cursor in the rows that a filter lets through. It
// is not bubbles/list, which brings its own filter, paginator and timers and
// cannot share its room with a pane of details.
type list struct {
	filter filter
	all    int            // how many rows there are
	match  func(int) bool // whether the filter lets a row through
	shown  []int          // the rows that it lets through, in order
	cursor int            // an index into shown
}

// newList returns a list of n rows with the cursor on row at.
func newList(n, at int, match func(int) bool) list {
	l := list{filter: newFilter(), all: n, match: match}
	l.sift()
	l.cursor = max(0, min(at, n-1))
	return l
}

// selected is the row under the cursor, -1 where no row is shown.
func (l *list) selected() int {
	if len(l.shown) == 0 {
		return -1
	}
	return l.shown[l.cursor]
}

// sift applies the filter. The cursor stays on its row as long as that is
// shown, and goes to the first match otherwise.
func (l *list) sift() {
	at := -1
	if len(l.shown) > 0 {
		at = l.shown[l.cursor]
	}
	l.shown, l.cursor = l.shown[:0], 0
	for i := range l.all {
		if !l.match(i) {
			continue
		}
		if i == at {
			l.cursor = len(l.shown)
		}
		l.shown = append(l.shown, i)
	}
}

// press moves the cursor or edits the filter, and reports whether it had a use
// for the key.
func (l *list) press(k tea.KeyPressMsg) bool {
	if l.filter.press(k) {
		l.sift()
		return true
	}
	up, down := keyUp, keyDown
	if l.filter.typing {
		up, down = keyTypedUp, keyTypedDown
	}
	// A page is not the terminal's height, since a list takes only a part of it.
	const page = 8
	switch {
	case key.Matches(k, up):
		l.move(-1)
	case key.Matches(k, down):
		l.move(1)
	case key.Matches(k, keyPageUp):
		l.move(-page)
	case key.Matches(k, keyPageDown):
		l.move(page)
	case !l.filter.typing && key.Matches(k, keyFirst):
		l.move(-len(l.shown))
	case !l.filter.typing && key.Matches(k, keyLast):
		l.move(len(l.shown))
	default:
		return false
	}
	return true
}

func (l *list) move(by int) {
	l.cursor = max(0, min(l.cursor+by, len(l.shown)-1))
}

// draw renders the rows around the cursor in at most p.height lines.
func (l *list) draw(p page, row func(i int, selected bool, width int) string) []string {
	if len(l.shown) == 0 {
		return []string{" " + p.theme.faded.Render("Nothing matches. Esc clears the filter.")}
	}
	from := max(0, min(l.cursor-p.height/2, len(l.shown)-p.height))
	to := min(len(l.shown), from+p.height)
	out := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		mark := " "
		if i == l.cursor {
			mark = p.theme.selected.Render(look.SignCursor)
		}
		out = append(out, " "+mark+" "+look.Clip(row(l.shown[i], i == l.cursor, p.width-4), p.width-4))
	}
	return out
}

// rule parts the list from what is below it and says where the cursor is in a
// list that is not shown as a whole.
func (l *list) rule(p page, visible int) string {
	if len(l.shown) <= visible {
		return p.theme.faded.Render(strings.Repeat("─", p.width))
	}
	place := " " + of(l.cursor+1, len(l.shown)) + " "
	return p.theme.faded.Render("─" + place + strings.Repeat("─", max(0, p.width-len(place)-1)))
}

// replace makes the list one of n other rows, with the cursor on row at. Where
// that is not shown, the cursor stays where it is on the screen.
func (l *list) replace(n, at int) {
	place := l.cursor
	l.all, l.shown = n, l.shown[:0]
	l.sift()
	if i := slices.Index(l.shown, at); i >= 0 {
		l.cursor = i
		return
	}
	l.cursor = place
	l.move(0)
}
