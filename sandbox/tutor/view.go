package tutor

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// The sizes at which the layout changes, in columns and lines.
const (
	minWidth, minHeight = 30, 8 // below them there is nothing but a note
	narrow              = 60    // below it margins and bars are slimmer
	low                 = 12    // below it the header has no rule
	maxText             = 84    // the longest line, its margins included
)

func (m *Model) roomy() bool { return m.width >= minWidth && m.height >= minHeight }

func (m *Model) margin() int {
	if m.width < narrow {
		return 1
	}
	return 2
}

// textWidth is the longest line of the body, without its margins.
func (m *Model) textWidth() int { return max(1, min(m.width, maxText)-2*m.margin()) }

// head is how many lines the header takes.
func (m *Model) head() int {
	if m.height < low {
		return 1
	}
	return 2
}

// bodyHeight is what is left between the header and the two lines below.
func (m *Model) bodyHeight() int { return max(1, m.height-m.head()-2) }

// View shows the lesson. Every line of it fits the terminal. The mouse is left
// to the terminal, so that text can be copied.
func (m *Model) View() tea.View {
	content, cursor := m.draw()
	v := tea.NewView(content)
	v.AltScreen = true
	v.WindowTitle = fmt.Sprintf("Stage %d · %s", m.stage.Number, oneLine(m.course.Title))
	v.Cursor = cursor
	return v
}

func (m *Model) draw() (string, *tea.Cursor) {
	if m.width == 0 {
		return "", nil // before the terminal has told its size
	}
	if !m.roomy() {
		return m.tooSmall(), nil
	}
	lines := []string{m.header()}
	if m.head() == 2 {
		lines = append(lines, m.theme.faded.Render(strings.Repeat("─", m.width)))
	}
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
			line = clip(pad+shown[i], m.width)
		}
		lines = append(lines, line)
	}
	if cursor != nil {
		moved := *cursor
		moved.X, moved.Y = min(moved.X+m.margin(), m.width-1), moved.Y+len(lines)
		cursor = &moved
	}
	for _, line := range pinned {
		lines = append(lines, clip(pad+line, m.width))
	}
	lines = append(lines[:min(len(lines), m.height-2)], m.status(all-at-room), m.footer())
	if cursor != nil && cursor.Y >= m.height-2 {
		cursor = nil
	}
	return strings.Join(lines, "\n"), cursor
}

// header names the course and the stage. Where both do not fit, the stage
// matters more, and a few letters of the course say nothing.
func (m *Model) header() string {
	t := &m.theme
	stage := fmt.Sprintf("Stage %d of %d: %s", m.stage.Number, len(m.course.Stages), titled(m.stage))
	name := oneLine(m.course.Title)
	room := m.width - lipgloss.Width(signBrand+" · "+stage)
	if m.width < narrow && lipgloss.Width(name) > room {
		return clip(t.brand.Render(signBrand)+t.strong.Render(stage), m.width)
	}
	name = clip(name, max(room, m.width/3))
	return clip(t.brand.Render(signBrand+name)+t.faded.Render(" · ")+t.strong.Render(stage), m.width)
}

// status is the line above the footer: a notice, or that there is more to read.
func (m *Model) status(below int) string {
	pad := strings.Repeat(" ", m.margin())
	more := ""
	if below > 0 {
		more = m.theme.faded.Render("↓ more below")
	}
	if m.notice == "" {
		return pad + more
	}
	notice := m.theme.news.Bold(true).Render(signNotice+" ") + m.theme.news.Render(m.notice)
	if below > 0 {
		more = m.theme.faded.Render("↓")
	}
	return pad + spread(notice, more, m.width-2*m.margin())
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
	return pad + spread(m.hintLine(m.hints(), room), progress, width)
}

func (m *Model) progress() string {
	size := 10
	if m.width < narrow {
		size = 4
	}
	switch m.screen() {
	case overview, reading:
		at := m.place.Page + 1
		return m.theme.faded.Render(fmt.Sprintf("page %d/%d ", at, m.pages())) + m.theme.bar(at, m.pages(), size)
	case questioning:
		all := len(m.stage.Questions)
		return m.theme.faded.Render(fmt.Sprintf("question %d/%d ", m.place.Quiz.current()+1, all)) +
			m.theme.bar(m.place.Quiz.mastered(), all, size)
	}
	return ""
}

// tooSmall is all that is said where nothing else fits.
func (m *Model) tooSmall() string {
	lines := wrap("Terminal too small", m.width)
	if len(lines) < m.height {
		lines = append(lines, wrap(fmt.Sprintf("%d×%d, at least %d×%d", m.width, m.height, minWidth, minHeight), m.width)...)
	}
	return strings.Join(lines[:min(len(lines), max(0, m.height))], "\n")
}
