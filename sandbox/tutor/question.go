package tutor

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"lectern/course"
	"lectern/internal/look"
)

// question is the one that is asked now.
func (m *Model) question() course.Question {
	return m.stage.Questions[m.place.Quiz.current()]
}

// chosen reports whether q is answered by choosing an option.
func chosen(q course.Question) bool {
	return q.Kind == course.MultipleChoice && q.Correct >= 0 && q.Correct < len(q.Options)
}

// typing reports whether letters are text now.
func (m *Model) typing() bool {
	return m.screen() == questioning && m.place.Quiz.Phase == asking && !chosen(m.question())
}

func (m *Model) keyInQuestion(k tea.KeyPressMsg, name string) tea.Cmd {
	quiz := &m.place.Quiz
	switch {
	case m.typing():
		return m.keyInField(k, name)
	case name == "esc" || name == "p" || name == "left":
		m.reread()
		return nil
	}
	switch quiz.Phase {
	case checking:
		switch name {
		case "y":
			m.judge(true)
		case "n":
			m.judge(false)
		default:
			m.moved(name)
		}
		return nil
	case asking:
		m.keyInOptions(name)
		return nil
	}
	switch name {
	case "space", "enter", "n", "right":
		if m.readOn(name) {
			return nil
		}
		return m.goOn()
	}
	m.scrolled(name)
	return nil
}

// keyInOptions marks or chooses an option. A digit chooses at once where one
// digit names every option, and otherwise marks.
func (m *Model) keyInOptions(name string) {
	q, quiz := m.question(), &m.place.Quiz
	quiz.Choice = min(quiz.Choice, len(q.Options)-1)
	few := len(q.Options) < 10
	if len(name) == 1 {
		c := name[0]
		switch {
		case c >= '0' && c <= '9' && !few:
			n := (quiz.Choice+1)*10 + int(c-'0')
			if n > len(q.Options) {
				n = int(c - '0')
			}
			if n > 0 {
				quiz.Choice = n - 1
			}
			m.reveal()
			return
		case c >= '1' && int(c-'1') < len(q.Options):
			m.choose(int(c - '1'))
			return
		case few && c >= 'a' && int(c-'a') < len(q.Options):
			m.choose(int(c - 'a'))
			return
		}
	}
	switch name {
	case "down", "j", "tab":
		quiz.Choice = min(quiz.Choice+1, len(q.Options)-1)
		m.reveal()
	case "up", "k", "shift+tab":
		quiz.Choice = max(0, quiz.Choice-1)
		m.reveal()
	case "enter":
		if quiz.Choice == none {
			m.remark = "Please choose an answer first: " + m.chooseBy() + "."
			return
		}
		m.choose(quiz.Choice)
	case "space":
		m.scroll(max(1, m.scrollHeight()-1))
	default:
		m.scrolled(name)
	}
}

// chooseBy names the keys that choose an option.
func (m *Model) chooseBy() string {
	if n := len(m.question().Options); n < 10 {
		return fmt.Sprintf("press 1 to %d, or ↓ and then Enter", n)
	}
	return "go to it with ↓ or by its number, then press Enter"
}

func (m *Model) choose(option int) {
	m.place.Quiz.Choice = option
	m.judge(option == m.question().Correct)
}

// judge counts the answer and shows how it was.
func (m *Model) judge(isRight bool) {
	m.place.Quiz.judge(isRight)
	m.kept()
	m.reveal()
}

// goOn leaves a question that was judged.
func (m *Model) goOn() tea.Cmd {
	m.place.Quiz.next()
	m.place.At, m.offset, m.unclear = 0, 0, false
	m.field.Reset()
	if m.place.Quiz.over() {
		return m.finish()
	}
	m.kept()
	m.reveal()
	return nil
}

// reread opens the concept that the question is about.
func (m *Model) reread() {
	if m.typing() {
		m.place.Quiz.Answer = m.field.Value()
	}
	page := m.pages() - 1
	id := m.question().ConceptID
	if i := slices.IndexFunc(m.stage.Concepts, func(c course.Concept) bool { return c.ID == id }); id != "" && i >= 0 {
		page = i + 1
	}
	m.open(page)
}

// questionSheet is the question, what is answered to it, and how that was.
func (m *Model) questionSheet() sheet {
	q, quiz, width := m.question(), &m.place.Quiz, m.textWidth()
	var s sheet
	title := fmt.Sprintf("Question %d", quiz.current()+1)
	if quiz.again() {
		title += ", once more"
	}
	s.lines = append(look.Wrap(m.theme.faded.Render(title), width), m.markdown.lines(q.Prompt, width)...)
	s.lines = append(s.lines, "")
	if chosen(q) {
		m.addOptions(&s, q, width)
	} else {
		m.addResponse(&s, q, width)
	}
	switch quiz.Phase {
	case right, wrong:
		m.addVerdict(&s, q, width)
	}
	return s
}

func (m *Model) addOptions(s *sheet, q course.Question, width int) {
	quiz := &m.place.Quiz
	digits := len(fmt.Sprint(len(q.Options)))
	for i, option := range q.Options {
		mark, style := " ", lipgloss.NewStyle()
		if i == quiz.Choice {
			switch quiz.Phase {
			case right:
				mark, style = m.theme.good.Render(look.SignDone), m.theme.good
			case wrong:
				mark, style = m.theme.bad.Render(look.SignFailed), m.theme.bad
			default:
				mark, style = m.theme.brand.Render(look.SignCursor), m.theme.brand
			}
		}
		number := style.Render(fmt.Sprintf("%*d", digits, i+1))
		lines := m.markdown.lines(look.OneLine(option), width-digits-4)
		if len(lines) == 0 {
			lines = []string{""}
		}
		at := len(s.lines)
		s.lines = append(s.lines, hang(mark+" "+number+"  ", lines)...)
		if i == quiz.Choice {
			s.from, s.to = at, len(s.lines)
		}
	}
}

// addResponse is the field while one types, and both answers afterwards.
func (m *Model) addResponse(s *sheet, q course.Question, width int) {
	quiz := &m.place.Quiz
	if quiz.Phase == asking {
		label := m.theme.strong.Render("Your answer")
		if m.unclear {
			label = m.theme.news.Render("Please write a few words, then press Enter.")
		}
		s.pinned = append([]string{look.Clip(label, width)}, strings.Split(m.field.View(), "\n")...)
		if s.cursor = m.field.Cursor(); s.cursor != nil {
			s.cursor.Y++
		}
		return
	}
	s.lines = append(s.lines, m.theme.strong.Render("Your answer"))
	edge := m.theme.faded.Render("│") + " "
	s.lines = append(s.lines, under(edge, look.Wrap(look.Clean(strings.TrimSpace(quiz.Answer)), width-2))...)
	if quiz.Phase == checking {
		s.lines = append(s.lines, "")
		s.from = len(s.lines)
		s.lines = append(s.lines, m.theme.strong.Render("A model answer"))
		s.lines = append(s.lines, m.markdown.lines(q.Answer, width)...)
		s.to = len(s.lines)
		s.pinned = append([]string{""}, look.Wrap(m.theme.strong.Render("Did your answer say the same?"), width)...)
		s.pinned = append(s.pinned, m.theme.brand.Render("y")+" yes   "+m.theme.brand.Render("n")+" not yet")
	}
}

// addVerdict says how the answer was, in a sign and in words. A first miss
// gives nothing away.
func (m *Model) addVerdict(s *sheet, q course.Question, width int) {
	quiz := &m.place.Quiz
	s.lines = append(s.lines, "")
	s.from = len(s.lines)
	if quiz.Phase == right {
		s.lines = append(s.lines, m.theme.good.Render(look.SignDone+" Right."))
	} else {
		when := "This question comes back later."
		if len(quiz.Queue) == 1 {
			when = "Try it once more."
		}
		s.lines = append(s.lines, look.Wrap(m.theme.bad.Render(look.SignFailed+" Not quite.")+" "+when, width)...)
	}
	if quiz.open() {
		if quiz.Phase == wrong && q.Answer != "" {
			s.lines = append(s.lines, "", m.theme.strong.Render("The answer"))
			s.lines = append(s.lines, m.markdown.lines(q.Answer, width)...)
		}
		if strings.TrimSpace(q.Explanation) != "" {
			s.lines = append(append(s.lines, ""), m.markdown.lines(q.Explanation, width)...)
		}
	}
	s.to = len(s.lines)
}
