package tutor

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// maxText is the longest line, its margins included.
const maxText = 84

func (m *Model) roomy() bool { return look.Roomy(m.width, m.height) }

func (m *Model) margin() int {
	if m.width < look.Narrow {
		return 1
	}
	return 2
}

// textWidth is the longest line of the body, without its margins.
func (m *Model) textWidth() int { return max(1, min(m.width, maxText)-2*m.margin()) }

// head is how many lines the header takes, with what stands below it.
func (m *Model) head() int { return 1 + len(m.rule()) }

// rule stands below the header, where there is room for it. As long as somebody
// watches, there is room, and it says so.
func (m *Model) rule() []string {
	most := 3
	if m.height < look.Low {
		most = 1
	}
	if m.watched != "" {
		return m.watchLines(most)
	}
	if most == 1 {
		return nil
	}
	return []string{m.theme.faded.Render(strings.Repeat("─", m.width))}
}

// watchLines say who looks at the screen, in a rule.
func (m *Model) watchLines(most int) []string {
	width := m.width - 2*m.margin() - lipgloss.Width(look.SignWatch+" ")
	lines := look.Wrap(m.theme.news.Render(m.watched+" your screen"), width)
	if len(lines) > most { // the names matter more
		lines = look.Wrap(m.theme.news.Render(m.watched), width)
	}
	if len(lines) > most {
		lines = append(lines[:most-1], look.Clip(strings.Join(lines[most-1:], " "), width))
	}
	lines = hang(m.theme.news.Bold(true).Render(look.SignWatch)+" ", lines)
	lines = under(strings.Repeat(" ", m.margin()), lines)
	last := len(lines) - 1
	if room := m.width - lipgloss.Width(lines[last]) - 1; room > 0 {
		lines[last] += " " + m.theme.faded.Render(strings.Repeat("─", room))
	}
	return lines
}

// wholeBody is what is left between the header and the two lines below where
// nothing is told.
func (m *Model) wholeBody() int { return max(1, m.height-m.head()-2) }

// bodyHeight is what is left of it where something is.
func (m *Model) bodyHeight() int { return max(1, m.wholeBody()+1-max(1, len(m.toldLines()))) }

// View shows the lesson. Every line of it fits the terminal. The mouse is left
// to the terminal, so that text can be copied.
func (m *Model) View() tea.View {
	content, cursor := m.draw()
	v := tea.NewView(content)
	v.AltScreen = true
	v.WindowTitle = fmt.Sprintf("Stage %d · %s", m.stage.Number, look.OneLine(m.course.Title))
	v.Cursor = cursor
	return v
}

func (m *Model) draw() (string, *tea.Cursor) {
	if m.width == 0 {
		return "", nil // before the terminal has told its size
	}
	if !m.roomy() {
		return look.TooSmall(m.width, m.height), nil
	}
	lines := append([]string{m.header()}, m.rule()...)
	pad := strings.Repeat(" ", m.margin())
	shown, at, all := m.sheet.lines, m.offset, len(m.sheet.lines)
	pinned, cursor := m.sheet.pinned, m.sheet.cursor
	if m.overlay == helping {
		shown = m.helpLines()
		at, all, pinned, cursor = m.helpAt, len(shown), nil, nil
	}
	room := max(1, m.bodyHeight()-len(pinned))
	for i := at; i < at+room; i++ {
		line := ""
		if i < all && shown[i] != "" {
			line = look.Clip(pad+shown[i], m.width)
		}
		lines = append(lines, line)
	}
	if cursor != nil {
		moved := *cursor
		moved.X, moved.Y = min(moved.X+m.margin(), m.width-1), moved.Y+len(lines)
		cursor = &moved
	}
	for _, line := range pinned {
		lines = append(lines, look.Clip(pad+line, m.width))
	}
	status := m.status(at > 0, at+room < all)
	body := m.height - len(status) - 1
	lines = append(append(lines[:min(len(lines), body)], status...), m.footer())
	if cursor != nil && cursor.Y >= body {
		cursor = nil
	}
	return strings.Join(lines, "\n"), cursor
}

// header names the course and the stage. Where both do not fit, the stage
// matters more, and a few letters of the course say nothing.
func (m *Model) header() string {
	t := &m.theme
	stage := fmt.Sprintf("Stage %d of %d: %s", m.stage.Number, len(m.course.Stages), m.stage.Name())
	name := look.OneLine(m.course.Title)
	room := m.width - lipgloss.Width(look.SignBrand+" · "+stage)
	if m.width < look.Narrow && lipgloss.Width(name) > room {
		return look.Clip(look.Brand(t.brand, "")+t.strong.Render(stage), m.width)
	}
	name = look.Clip(name, max(room, m.width/3))
	return look.Clip(look.Brand(t.brand, name)+t.faded.Render(" · ")+t.strong.Render(stage), m.width)
}

// keyForMore is space wherever space is not a letter, since not every keyboard
// has the other one.
func (m *Model) keyForMore() string {
	if m.typing() && m.overlay != helping {
		return "pgdn"
	}
	return "space"
}

// footer is one line of keys, and how far the learner is.
func (m *Model) footer() string {
	pad := strings.Repeat(" ", m.margin())
	width := m.width - 2*m.margin()
	progress := m.progress()
	room := width
	if progress != "" {
		room -= lipgloss.Width(progress) + 2
	}
	return pad + look.Spread(m.hintLine(m.hints(), room), progress, width)
}

// progress gives way to the keys: where it is narrow it is numbers only, and
// in the help there is none.
func (m *Model) progress() string {
	page, question, size := "page ", "question ", 10
	if m.width < look.Narrow {
		page, question, size = "", "", 4
	}
	switch {
	case m.overlay == helping:
	case m.screen() == overview, m.screen() == reading:
		at := m.place.Page + 1
		return m.theme.faded.Render(fmt.Sprintf("%s%d/%d ", page, at, m.pages())) + m.theme.bar(at, m.pages(), size)
	case m.screen() == questioning:
		all := len(m.stage.Questions)
		return m.theme.faded.Render(fmt.Sprintf("%s%d/%d ", question, m.place.Quiz.current()+1, all)) +
			m.theme.bar(m.place.Quiz.mastered(), all, size)
	}
	return ""
}
