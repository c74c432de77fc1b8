package tutor

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// status is what stands above the footer: what the learner is told, and where there
// is more to read; by which key only where nothing is told.
func (m *Model) status(above, below bool) []string {
	pad := strings.Repeat(" ", m.margin())
	sign, words := "", ""
	switch {
	case m.overlay == leaving: // nothing scrolls
	case above && below:
		sign, words = "↑↓", " more above and below: "+m.keyForMore()
	case above:
		sign, words = "↑", " more above"
	case below:
		sign, words = "↓", " more below: "+m.keyForMore()
	}
	lines := m.toldLines()
	if len(lines) == 0 {
		return []string{pad + m.theme.faded.Render(sign+words)}
	}
	if sign == "↑↓" { // there is room for one
		sign = "↓"
	}
	last := len(lines) - 1
	lines[last] = look.Spread(lines[last], m.theme.faded.Render(sign), m.width-2*m.margin())
	return under(pad, lines)
}

// toldLines are the notice and the remark, with room for a sign behind the last
// line. They take at most half of what is not pinned, which the text above gives
// up: what is pinned, such as the field for an answer, is never covered.
func (m *Model) toldLines() []string {
	pinned := len(m.sheet.pinned)
	if m.overlay == helping {
		pinned = 0
	}
	most := max(1, (m.wholeBody()-pinned)/2)
	width := m.width - 2*m.margin() - lipgloss.Width(look.SignNotice+" ")
	text, more := m.notices.shown()
	if text == "" {
		return m.told(m.remark, 0, width, most)
	}
	remark := m.told(m.remark, 0, width, most/2) // where there is no room, the keys say it
	return append(m.told(text, more, width, most-len(remark)), remark...)
}

// told is a text in so many lines at most, and how many wait behind it.
func (m *Model) told(text string, more, width, most int) []string {
	if text == "" || most == 0 {
		return nil
	}
	lines := look.Wrap(m.theme.news.Render(text), width)
	if len(lines) > most {
		lines = append(lines[:most-1], strings.Join(lines[most-1:], " ")) // which is cut below
	}
	waiting := ""
	if more > 0 {
		waiting = m.theme.faded.Render(fmt.Sprintf("+%d more", more))
	}
	last, room := len(lines)-1, width-lipgloss.Width(" ↓")
	if lipgloss.Width(strings.TrimSuffix(lines[last]+" "+waiting, " ")) > room && len(lines) < most {
		lines = append(lines, "")
		last++
	}
	lines[last] = look.Spread(lines[last], waiting, room)
	return hang(m.theme.news.Bold(true).Render(look.SignNotice)+" ", lines)
}
