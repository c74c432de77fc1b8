package tutor

import (
	"fmt"
	"math"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"lectern/course"
	"lectern/internal/look"
)

// sheet is what a screen shows between header and footer.
type sheet struct {
	// lines scroll.
	lines []string
	// pinned stand below them and always show.
	pinned []string
	// cursor stands on pinned, counted from its first line; nil for none.
	cursor *tea.Cursor
	// from and to are the lines that must be visible after a change, from
	// before to. Both are 0 where the learner alone scrolls.
	from, to int
}

// settle draws the sheet anew and keeps the visible part within it. It is
// called after every change, so that View only has to show.
func (m *Model) settle() {
	if !m.roomy() {
		return
	}
	switch m.screen() {
	case overview:
		m.sheet = sheet{lines: m.overviewLines()}
	case reading:
		m.sheet = sheet{lines: m.conceptLines()}
	case finishing:
		m.sheet = sheet{lines: m.finishLines()}
	case questioning:
		m.sheet = m.questionSheet()
	case saving:
		m.sheet = sheet{lines: m.savingLines()}
	case complete:
		m.sheet = sheet{lines: m.completeLines()}
	}
	if m.overlay == leaving {
		m.sheet.pinned, m.sheet.cursor = m.leaveLines(), nil
	}
	m.offset = max(0, min(m.offset, m.lowest()))
}

// lowest is the offset at which the last line is visible.
func (m *Model) lowest() int { return max(0, len(m.sheet.lines)-m.scrollHeight()) }

// scrollHeight is how many lines of the sheet are visible at once.
func (m *Model) scrollHeight() int { return max(1, m.bodyHeight()-len(m.sheet.pinned)) }

// scroll moves by lines and remembers where in the text that is.
func (m *Model) scroll(lines int) {
	m.offset = max(0, min(m.offset+lines, m.lowest()))
	m.place.At = 0
	if m.offset > 0 {
		m.place.At = float64(m.offset) / float64(len(m.sheet.lines))
	}
}

// goTo scrolls to the same part of the text after a change of its length.
func (m *Model) goTo(at float64) {
	m.offset = max(0, min(int(math.Round(at*float64(len(m.sheet.lines)))), m.lowest()))
}

// reveal scrolls as little as makes the lines of the sheet visible that it
// wants seen, and their first one in any case.
func (m *Model) reveal() {
	m.settle()
	if m.sheet.to == 0 {
		return
	}
	if below := m.sheet.to - m.offset - m.scrollHeight(); below > 0 {
		m.scroll(below)
	}
	if m.sheet.from < m.offset {
		m.scroll(m.sheet.from - m.offset)
	}
}

// scrolled reports whether name is a key that scrolls, and does so.
func (m *Model) scrolled(name string) bool {
	screenful := max(1, m.scrollHeight()-1)
	switch name {
	case "down", "j":
		m.scroll(1)
	case "up", "k":
		m.scroll(-1)
	case "pgdown", "ctrl+f":
		m.scroll(screenful)
	case "pgup", "ctrl+b":
		m.scroll(-screenful)
	case "home", "g":
		m.scroll(-len(m.sheet.lines))
	case "end", "G":
		m.scroll(len(m.sheet.lines))
	default:
		return false
	}
	return true
}

// keyInPage reads on, or back.
func (m *Model) keyInPage(name string) tea.Cmd {
	if m.scrolled(name) {
		return nil
	}
	switch name {
	case "space", "enter", "n", "right":
		if m.readOn(name) {
			return nil
		}
		return m.turn(1)
	case "p", "left", "backspace":
		return m.turn(-1)
	case "esc":
		if m.place.Begun {
			m.open(m.pages())
		}
	}
	return nil
}

// readOn scrolls a screen further where the key is space and there is more.
func (m *Model) readOn(name string) bool {
	if name != "space" || m.offset >= m.lowest() {
		return false
	}
	m.scroll(max(1, m.scrollHeight()-1))
	return true
}

// moved reports whether name is a key that scrolls, with space among them, and
// does so.
func (m *Model) moved(name string) bool { return m.readOn(name) || m.scrolled(name) }

// turn goes a page on or back; on from the last one finishes the stage where
// it asks nothing.
func (m *Model) turn(by int) tea.Cmd {
	if m.screen() == finishing && by > 0 {
		return m.finish()
	}
	m.open(m.place.Page + by)
	return nil
}

// open shows a page from its top; the page after the last is the quiz.
func (m *Model) open(page int) {
	page = max(0, min(page, m.pages()))
	if page == m.place.Page {
		return
	}
	m.place.Page, m.place.At, m.offset = page, 0, 0
	if page == m.pages() && len(m.stage.Questions) > 0 {
		m.place.Begun = true
	}
	m.kept()
	m.reveal()
}

// overviewLines says what the stage teaches.
func (m *Model) overviewLines() []string {
	width := m.textWidth()
	lines := look.Wrap(m.theme.faded.Render(fmt.Sprintf("Stage %d of %d", m.stage.Number, len(m.course.Stages))), width)
	lines = append(lines, look.Wrap(m.theme.brand.Render(m.stage.Name()), width)...)
	lines = append(lines, "")
	if about := m.about(); about != "" {
		lines = append(lines, m.markdown.lines(about, width)...)
		lines = append(lines, "")
	}
	if len(m.stage.Concepts) > 0 {
		lines = append(lines, m.theme.strong.Render("You will learn"))
		for i, c := range m.stage.Concepts {
			mark := m.theme.faded.Render(fmt.Sprintf("%*d", len(fmt.Sprint(len(m.stage.Concepts))), i+1))
			lines = append(lines, hang(mark+"  ", look.Wrap(look.OneLine(c.Title), width-4))...)
		}
		lines = append(lines, "")
	}
	lines = append(lines, look.Wrap(m.theme.faded.Render(questionsAhead(len(m.stage.Questions))), width)...)
	return append(lines, "", m.theme.brand.Render("Enter")+" to begin")
}

// about is the stage's description, unless it only repeats the title.
func (m *Model) about() string {
	if about := strings.TrimSpace(m.stage.Description); look.OneLine(about) != look.OneLine(m.stage.Title) {
		return about
	}
	return ""
}

func questionsAhead(n int) string {
	switch n {
	case 0:
		return "There are no questions in this stage."
	case 1:
		return "One question follows."
	}
	return fmt.Sprintf("%d questions follow. Those that you miss come back at the end.", n)
}

// conceptLines is one concept: title, text, key ideas and sources.
func (m *Model) conceptLines() []string {
	c := m.stage.Concepts[m.place.Page-1]
	width := m.textWidth()
	lines := append(look.Wrap(m.theme.brand.Render(look.OneLine(c.Title)), width), "")
	if body := m.markdown.lines(c.Body, width); len(body) > 0 {
		lines = append(append(lines, body...), "")
	}
	if ideas := unsaid(c); len(ideas) > 0 {
		lines = append(lines, m.theme.strong.Render("Key ideas"))
		mark := m.theme.brand.Render("•") + " "
		for _, idea := range ideas {
			lines = append(lines, hang(mark, m.markdown.lines(idea, width-2))...)
		}
		lines = append(lines, "")
	}
	for _, ref := range []string{c.PaperRef, c.CodeRef} {
		if ref = look.OneLine(ref); ref != "" {
			lines = append(lines, hang(m.theme.faded.Render("Source:")+" ", look.Wrap(m.theme.faded.Render(ref), width-8))...)
		}
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// unsaid are the key ideas that the text does not hold word for word, as it
// does in courses that keep them in both places.
func unsaid(c course.Concept) []string {
	return slices.DeleteFunc(slices.Clone(c.KeyIdeas), func(idea string) bool {
		idea = strings.TrimSpace(idea)
		return idea == "" || strings.Contains(c.Body, idea)
	})
}

func (m *Model) finishLines() []string {
	width := m.textWidth()
	lines := append(look.Wrap(m.theme.brand.Render("That was all of this stage"), width), "")
	lines = append(lines, look.Wrap("There are no questions. If you would like to read a page again, p goes back.", width)...)
	return append(lines, "", m.theme.brand.Render("Enter")+" to mark the stage as finished")
}

// leaveLines is the question before leaving.
func (m *Model) leaveLines() []string {
	kept := "What you have done is kept."
	if m.screen() == saving {
		kept = "Your result is kept."
	}
	lines := []string{m.theme.faded.Render(strings.Repeat("─", m.textWidth()))}
	lines = append(lines, look.Wrap(m.theme.strong.Render("Leave the lesson?")+" "+kept, m.textWidth())...)
	return append(lines, m.theme.brand.Render("enter")+" or "+m.theme.brand.Render("y")+" leave   "+m.theme.brand.Render("n")+" stay")
}

func (m *Model) helpLines() []string { return m.markdown.lines(helpText, m.textWidth()) }
