package tui

import (
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/help"
	"charm.land/bubbles/v2/key"
	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// The sizes at which the layout changes, besides those of [look].
const (
	wide       = 120 // from it on, details stand beside the list, which keeps enough of the width
	minList    = 5   // lines of a list that has details below it
	fewDetails = 4   // below it, details are left out
	minDetails = 7   // lines of details that a longer list leaves
	maxText    = 92  // the longest line of running text
)

// page is the room in which a screen draws itself.
type page struct {
	width, height int
	theme         *theme
	now           time.Time
	caret         *caret
	spaced        bool // there is a blank line above it already
}

// caret is where in a page text is typed, if anywhere.
type caret struct {
	column, line int
	shown        bool
}

// put says that text is typed there.
func (c *caret) put(column, line int) { *c = caret{column, line, true} }

// beside lays a list and the details of its selection out: beside each other
// where it is wide, below each other otherwise, the list alone where neither
// fits. Where it is narrow, the details are no more than the title, which its
// row may have had to cut, and the lines that are always there.
func (p page) beside(l *list, row func(i int, selected bool, width int) string, details func(p page) []string) []string {
	if p.width >= wide {
		left, right := p.halves()
		return p.columns(l.draw(left, row), details(right))
	}
	// By all rows, not by those that a filter shows, so that the details do not
	// jump while one types.
	above, isNarrow := p, p.width < look.Narrow
	above.height = max(1, l.all)
	if !isNarrow {
		above.height = min(above.height, max(minList, p.height-1-minDetails))
	}
	if p.height < above.height+1+fewDetails {
		return l.draw(p, row)
	}
	out := l.draw(above, row)
	for len(out) < above.height {
		out = append(out, "")
	}
	out = append(out, l.rule(p, above.height))
	below := p
	if below.height = p.height - len(out); isNarrow {
		below.height = 0 // nothing but what is always said
	}
	below.width = min(p.width-2, maxText)
	for _, line := range details(below) {
		out = append(out, " "+line)
	}
	return out
}

// halves are the rooms of two columns, of which the left one is wider.
func (p page) halves() (left, right page) {
	left, right = p, p
	left.width = p.width * 54 / 100
	right.width = p.width - left.width - 3
	return left, right
}

// columns puts two pieces beside each other, into the halves of the page.
func (p page) columns(a, b []string) []string {
	left, right := p.halves()
	out := make([]string, p.height)
	line := p.theme.faded.Render("│")
	for i := range out {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = look.Clip(b[i], right.width)
		}
		out[i] = look.Fill(x, left.width) + line + " " + y
	}
	return out
}

// helpLines lists the keys, one a line where that fits and in running lines
// otherwise.
func helpLines(p page, keys []key.Binding) []string {
	h := help.New()
	h.Styles = p.theme.help
	if oneALine(len(keys), p) {
		out := []string{" " + p.theme.strong.Render("Keys"), ""}
		for line := range strings.SplitSeq(h.FullHelpView([][]key.Binding{keys}), "\n") {
			out = append(out, "   "+line)
		}
		return out
	}
	var out []string
	line := ""
	for _, k := range keys {
		item := h.Styles.ShortKey.Render(k.Help().Key) + " " + h.Styles.ShortDesc.Render(k.Help().Desc)
		if line != "" && lipgloss.Width(line)+2+lipgloss.Width(item) > p.width-1 {
			out = append(out, line)
			line = ""
		}
		if line == "" {
			line = " " + item
		} else {
			line += "  " + item
		}
	}
	return append(out, line)
}

// oneALine reports whether there is room for so many keys below each other.
func oneALine(n int, p page) bool { return n+2 <= p.height }

// of says a place in a row, or how much of it is done.
func of(a, b int) string { return strconv.Itoa(a) + " of " + strconv.Itoa(b) }
