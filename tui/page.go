package tui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/help"
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
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
}

// roomy reports whether the terminal is large enough to show anything.
func (a *App) roomy() bool { return look.Roomy(a.width, a.height) }

// View draws the screen that is open. Every line of it fits the terminal.
func (a *App) View() tea.View {
	content, cursor := a.draw()
	v := tea.NewView(content)
	v.AltScreen = true
	v.WindowTitle = "Lectern"
	v.Cursor = cursor
	return v
}

func (a *App) draw() (string, *tea.Cursor) {
	if !a.roomy() {
		return look.TooSmall(a.width, a.height), nil
	}
	top := a.top()
	p := page{width: a.width, height: a.height, theme: a.theme, now: a.now()}
	var cursor *tea.Cursor

	lines := []string{a.header(top)}
	if a.height >= look.Low {
		lines = append(lines, a.theme.faded.Render(strings.Repeat("─", a.width)))
	}
	lines = append(lines, a.noticeLines()...)
	if l := top.rows(); l != nil && l.filter.typing && !a.help {
		line, column := l.filter.line(a.theme, len(l.shown), a.width)
		// The terminal's own cursor, since that is where an input method shows
		// the syllable that is being composed.
		cursor = tea.NewCursor(min(column, a.width-1), len(lines))
		lines = append(lines, line)
	}

	p.height = a.height - len(lines) - 1
	if a.height > look.Low {
		p.height-- // a blank line above the keys
	}
	body := top.lines
	if a.help {
		keys := top.keys()
		if top.rows() != nil {
			keys = slices.Concat(keys, keysMove)
		}
		body = func(p page) []string { return helpLines(p, keys) }
	}
	drawn := body(p)
	for i := range p.height {
		line := ""
		if i < len(drawn) {
			line = look.Clip(drawn[i], a.width)
		}
		lines = append(lines, line)
	}
	for len(lines) < a.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, a.footer(top))
	return strings.Join(lines, "\n"), cursor
}

// header names the product, the place and the progress.
func (a *App) header(s screen) string {
	t := a.theme
	left := t.brand.Render(look.SignBrand+"Lectern") + "  " + t.strong.Render(s.title())
	right := ""
	if done, all := s.progress(); all > 0 {
		right = of(done, all) + " stages done"
		if a.width < look.Narrow {
			right = of(done, all) + " done"
		}
	}
	if login := look.OneLine(a.home.Login); a.width >= look.Narrow && login != "" {
		if right != "" {
			right += " · "
		}
		right += look.Clip(login, 24)
	}
	return look.Spread(left, t.faded.Render(right), a.width-1)
}

// noticeLines is the notice in one line, or two where it is long, and a blank
// line below it where there is room.
func (a *App) noticeLines() []string {
	if a.notice.Text == "" || a.help {
		return nil
	}
	kind := a.notice.Kind
	if kind != Good && kind != Bad {
		kind = Info
	}
	text := shorten(wrap(look.OneLine(a.notice.Text), a.width-6), 2, a.width-6)
	if a.height < look.Low {
		text = shorten(text, 1, a.width-6)
	}
	widest := 0
	for _, l := range text {
		widest = max(widest, lipgloss.Width(l))
	}
	var out []string
	for i, l := range text {
		sign := " "
		if i == 0 {
			sign = noticeSign(kind)
		}
		out = append(out, " "+a.theme.notices[kind].Render(" "+sign+" "+look.Fill(l, widest)+" "))
	}
	if a.height >= look.Low {
		out = append(out, "")
	}
	return out
}

// footer is the one line of keys, with what was used of a model beside them, or
// why the last key did nothing.
func (a *App) footer(s screen) string {
	if a.hint != "" {
		return " " + a.theme.notices[Info].Render(look.Clip(" "+noticeSign(Info)+" "+a.hint+" ", a.width-2))
	}
	keys := s.keys()
	if a.help {
		keys = []key.Binding{key.NewBinding(key.WithKeys("any"), key.WithHelp("any key", "close"))}
	}
	h := help.New()
	h.ShortSeparator = "  "
	h.Styles = a.theme.help
	h.SetWidth(a.width - 2)
	line := look.Clip(" "+h.ShortHelpView(keys), a.width)
	if a.help || s.rows() == nil {
		return line
	}
	return a.besideKeys(line)
}

// beside lays a list and the details of its selection out: beside each other
// where it is wide, below each other otherwise, the list alone where neither
// fits. Where it is narrow, the details are no more than the title, which its
// row may have had to cut, and the lines that are always there.
func (p page) beside(l *list, row func(i int, selected bool, width int) string, details func(p page) []string) []string {
	if p.width >= wide {
		left, right := p, p
		left.width = p.width * 54 / 100
		right.width = p.width - left.width - 3
		a, b := l.draw(left, row), details(right)
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

// helpLines lists the keys, one a line where that fits and in running lines
// otherwise.
func helpLines(p page, keys []key.Binding) []string {
	h := help.New()
	h.Styles = p.theme.help
	if len(keys)+2 <= p.height {
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

// of says a place in a row, or how much of it is done.
func of(a, b int) string { return strconv.Itoa(a) + " of " + strconv.Itoa(b) }
