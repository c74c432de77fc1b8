package tutor

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"lectern/course"
)

const (
	minWidth, minHeight = 30, 8
	maxText             = 84 // the longest comfortable line
	narrow              = 60
)

// View draws the lesson: a header, a rule, the text, a status line, the keys.
func (m *model) View() tea.View {
	v := tea.NewView(m.draw())
	v.AltScreen = true
	v.WindowTitle = fmt.Sprintf("Stage %d · %s", m.stage.Number, m.opts.Course.Title)
	return v
}

func (m *model) draw() string {
	if m.width < minWidth || m.height < minHeight {
		return ansi.Truncate("The terminal is too small.", m.width, "")
	}
	t := m.theme
	lines := []string{m.header(), t.faded.Render(strings.Repeat("─", m.width))}
	text := m.content()
	room := m.room()
	for i := range room {
		line := ""
		if at := m.top + i; at < len(text) {
			line = text[at]
		}
		lines = append(lines, ansi.Truncate(line, m.width, "…"))
	}
	return strings.Join(append(lines, m.status(), m.footer()), "\n")
}

// room is how many lines of text fit.
func (m *model) room() int { return max(1, m.height-4) }

func (m *model) more() bool { return m.top+m.room() < len(m.content()) }

func (m *model) scroll(by int) {
	m.top = max(0, min(m.top+by, len(m.content())-m.room()))
}

func (m *model) header() string {
	t := m.theme
	title := fmt.Sprintf("Stage %d of %d: %s", m.stage.Number, len(m.opts.Course.Stages), m.stage.Title)
	left := t.brand.Render("▌"+m.opts.Course.Title) + "  " + t.title.Render(title)
	if m.width < narrow {
		left = t.brand.Render("▌") + t.title.Render(title)
	}
	return ansi.Truncate(left, m.width, "…")
}

// status is a notice, or where the learner is.
func (m *model) status() string {
	if m.notice != "" {
		return ansi.Truncate(m.theme.notice.Render(" i "+m.notice+" "), m.width, "…")
	}
	where, done, all := "", 0, 0
	switch {
	case m.mode == reading && m.place.Page == overview:
		where = "overview"
	case m.mode == reading:
		done, all = m.place.Page+1, len(m.stage.Concepts)
		where = fmt.Sprintf("page %d/%d", done, all)
	case m.mode == asking || m.mode == judging || m.mode == answered:
		all = len(m.stage.Questions)
		done = len(m.place.Right)
		where = fmt.Sprintf("quiz: %d of %d right", done, all)
	}
	if all > 0 {
		const width = 20
		filled := width * done / all
		where = m.theme.selected.Render(strings.Repeat("━", filled)) +
			m.theme.faded.Render(strings.Repeat("━", width-filled)+" "+where)
	} else {
		where = m.theme.faded.Render(where)
	}
	if m.more() {
		where += m.theme.selected.Render("  ↓ more below")
	}
	return ansi.Truncate(where, m.width, "…")
}

func (m *model) footer() string {
	if m.leaving {
		return ansi.Truncate(m.theme.bad.Render("Leave the lesson? Your place is kept.")+"  y leave · n stay", m.width, "…")
	}
	keys := map[mode]string{
		reading:   "Enter next · ← back · ↑↓ scroll · ? help · q leave",
		asking:    "1-9 or ↑↓ Enter answer · ← pages · ? help · q leave",
		judging:   "y yes, the same · n not yet",
		answered:  "Enter go on · q leave",
		finishing: "Enter finish the stage · ← back · q leave",
		saving:    "q leave",
		finished:  "Enter back to the courses",
	}[m.mode]
	switch {
	case m.help:
		keys = "any key closes this help"
	case m.mode == reading && m.place.Page == overview:
		keys = "Enter begin · ? help · q leave"
	case m.mode == asking && m.free():
		keys = "Enter answer · Esc pages · Ctrl-C leave"
	case m.mode == saving && m.saveError != "":
		keys = "Enter try again · q leave"
	}
	return ansi.Truncate(m.theme.faded.Render(keys), m.width, "…")
}

// layoutKey says for what the cached lines of a page were laid out.
type layoutKey struct {
	page, width int
	dark        bool
}

// content is the text on show, laid out for the width.
func (m *model) content() []string {
	width := min(m.width-2, maxText)
	if m.help {
		return m.helpText()
	}
	switch m.mode {
	case reading:
		key := layoutKey{m.place.Page, width, m.dark}
		if m.lines == nil || m.linesFor != key {
			m.lines, m.linesFor = m.page(width), key
		}
		return m.lines
	case asking, judging, answered:
		return m.quizText(width)
	case finishing:
		return append([]string{""}, m.paragraph("You have read every page of this stage. Press Enter to mark it as finished.", width)...)
	case saving:
		return m.savingText(width)
	}
	return m.finishedText(width)
}

// page lays out the overview or a concept.
func (m *model) page(width int) []string {
	if m.place.Page == overview {
		return m.overviewText(width)
	}
	t, c := m.theme, m.stage.Concepts[m.place.Page]
	lines := append([]string{""}, wrap(t.title.Render(c.Title), width)...)
	lines = append(lines, "")
	lines = append(lines, m.markdown(c.Body, width)...)
	if len(c.KeyIdeas) > 0 {
		lines = append(lines, "", t.brand.Render("Key ideas"))
		lines = append(lines, m.markdown("- "+strings.Join(c.KeyIdeas, "\n- "), width)...)
	}
	for _, ref := range []struct{ name, text string }{{"Source", c.PaperRef}, {"Code", c.CodeRef}} {
		if ref.text != "" {
			lines = append(lines, "")
			lines = append(lines, wrap(t.faded.Render(ref.name+": "+ref.text), width)...)
		}
	}
	return lines
}

func (m *model) overviewText(width int) []string {
	t := m.theme
	lines := append([]string{""}, wrap(t.title.Render(m.stage.Title), width)...)
	if m.stage.Description != "" {
		lines = append(lines, "")
		lines = append(lines, m.paragraph(m.stage.Description, width)...)
	}
	if len(m.stage.Concepts) > 0 {
		lines = append(lines, "", t.brand.Render("What you will learn"))
		for i, c := range m.stage.Concepts {
			lines = append(lines, hang(fmt.Sprintf("%d. ", i+1), c.Title, width)...)
		}
	}
	questions := "There is no quiz."
	switch n := len(m.stage.Questions); {
	case n == 1:
		questions = "Then one question."
	case n > 1:
		questions = fmt.Sprintf("Then a quiz of %d questions. A question that goes wrong comes back.", n)
	}
	return append(append(lines, ""), m.paragraph(questions, width)...)
}

func (m *model) quizText(width int) []string {
	t, q := m.theme, m.question()
	lines := append([]string{""}, m.markdown(q.Prompt, width)...)
	lines = append(lines, "")
	if q.Kind == course.MultipleChoice {
		for i, option := range q.Options {
			mark, style := "  ", t.plain
			if i == m.cursor {
				mark, style = "› ", t.selected
			}
			for j, line := range hang(fmt.Sprintf("%d) ", i+1), option, width-2) {
				if j > 0 {
					mark = "  "
				}
				lines = append(lines, style.Render(mark+line))
			}
		}
	} else if m.mode == asking {
		lines = append(lines, wrap(t.brand.Render("Your answer: ")+string(m.typed)+"▏", width)...)
	} else {
		lines = append(lines, wrap(t.faded.Render("You wrote: ")+string(m.typed), width)...)
	}
	if m.hint != "" {
		lines = append(lines, "", t.bad.Render(m.hint))
	}
	switch m.mode {
	case judging:
		lines = append(lines, "", t.brand.Render("The answer:"))
		lines = append(lines, m.markdown(q.Answer, width)...)
		lines = append(lines, m.explanation(q, width)...)
		lines = append(lines, "", t.title.Render("Did yours say the same? y / n"))
	case answered:
		lines = append(lines, "")
		if m.verdict == course.Right {
			lines = append(lines, t.good.Render("✓ Right."))
		} else if m.explains() {
			lines = append(lines, t.bad.Render("✗ Not quite. This question will come back."))
		} else {
			lines = append(lines, t.bad.Render("✗ Not quite. Think again: press Enter and take another try."))
		}
		if m.explains() {
			if m.free() && m.verdict != course.Right {
				lines = append(lines, wrap("The answer: "+q.Answer, width)...)
			}
			lines = append(lines, m.explanation(q, width)...)
		}
	}
	return lines
}

func (m *model) explanation(q course.Question, width int) []string {
	if q.Explanation == "" {
		return nil
	}
	return append([]string{""}, m.markdown(q.Explanation, width)...)
}

func (m *model) savingText(width int) []string {
	if m.saveError != "" {
		return append([]string{"", m.theme.bad.Render("✗ Your result is not saved yet.")}, m.paragraph(m.saveError, width)...)
	}
	return append([]string{"", m.theme.title.Render("Saving your result…")},
		m.paragraph("It is kept here, and goes through as soon as the gateway takes it.", width)...)
}

func (m *model) finishedText(width int) []string {
	t, n := m.theme, m.stage.Number
	lines := []string{"", t.good.Render(fmt.Sprintf("✓ Stage %d complete", n)), ""}
	if all := len(m.stage.Questions); all > 0 {
		lines = append(lines, m.paragraph(fmt.Sprintf("%d of %d questions right at the first attempt.", m.score(), all), width)...)
	}
	next := "You have finished the last stage of this course. Well done."
	if n < len(m.opts.Course.Stages) {
		next = fmt.Sprintf("Stage %d is open now: %s.", n+1, m.opts.Course.Stages[n].Title)
	}
	lines = append(lines, m.paragraph(next, width)...)
	if m.opts.Link == nil {
		lines = append(lines, "")
		lines = append(lines, m.paragraph("This tutor runs on its own, so the result is not recorded anywhere.", width)...)
	}
	return lines
}

func (m *model) helpText() []string {
	return []string{
		"", m.theme.title.Render("Keys"), "",
		"Enter, →, n    next page, or go on",
		"Space          down a screen, then the next page",
		"←, p           back a page",
		"↑ ↓, j k       scroll",
		"g G            to the top, to the end",
		"1-9            answer by number",
		"↑ ↓ Enter      choose an answer",
		"q, Ctrl-C      leave; your place is kept",
	}
}
