package tutor

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"lectern/course"
	"lectern/sandbox/event"
)

// turn goes to a page: the overview, a concept or the quiz.
func (m *model) turn(page int) {
	page = max(page, overview)
	m.top, m.mode = 0, reading
	if page >= len(m.stage.Concepts) {
		page = len(m.stage.Concepts)
		m.place.Page = page
		m.enterQuiz()
	} else {
		m.place.Page = page
	}
	m.keep()
}

// enterQuiz asks what is not answered rightly yet.
func (m *model) enterQuiz() {
	m.queue = nil
	for i := range m.stage.Questions {
		if !slices.Contains(m.place.Right, i) {
			m.queue = append(m.queue, i)
		}
	}
	m.ask()
}

// ask shows the first question of the queue, or the end where it is empty.
func (m *model) ask() {
	m.top, m.tries, m.cursor, m.typed, m.hint = 0, 0, 0, nil, ""
	m.mode = asking
	if len(m.queue) == 0 {
		m.mode = finishing
	}
}

func (m *model) question() course.Question { return m.stage.Questions[m.queue[0]] }

func (m *model) free() bool {
	return len(m.queue) > 0 && m.question().Kind != course.MultipleChoice
}

// answer grades what was chosen or typed.
func (m *model) answer(text string) {
	m.hint = ""
	switch m.verdict = m.question().Grade(text); m.verdict {
	case course.Right:
		m.settle(true)
	case course.Wrong:
		m.settle(false)
	case course.Unsure:
		m.mode = judging
		return
	default:
		m.hint = "Please give an answer; a guess is fine."
		return
	}
	m.mode = answered
	m.top = 0
}

// settle notes how a question went. One that was not right counts as missed
// from its first attempt on and comes back later.
func (m *model) settle(right bool) {
	q := m.queue[0]
	m.tries++
	if right {
		m.verdict = course.Right
		m.place.Right = append(m.place.Right, q)
	} else {
		m.verdict = course.Wrong
		if !slices.Contains(m.place.Missed, q) {
			m.place.Missed = append(m.place.Missed, q)
		}
	}
	m.keep()
}

// explains tells whether the present verdict comes with the explanation: not
// after a first wrong choice, which the learner shall think over.
func (m *model) explains() bool {
	return m.verdict == course.Right || m.tries > 1 || m.free()
}

// next goes on after a verdict. A wrong choice is asked once more at once, a
// question that stays wrong comes back at the end.
func (m *model) next() tea.Cmd {
	q := m.queue[0]
	switch {
	case m.verdict == course.Right:
		m.queue = m.queue[1:]
	case m.tries < 2 && !m.free():
		m.mode, m.top = asking, 0
		return nil
	default:
		m.queue = append(m.queue[1:], q)
	}
	m.ask()
	if m.mode == finishing && len(m.stage.Questions) > 0 {
		return m.complete()
	}
	return nil
}

// score is how many questions were right at the first attempt.
func (m *model) score() int { return len(m.stage.Questions) - len(m.place.Missed) }

// complete reports the stage and waits, without blocking the screen, until it
// is durable. Nothing of what the learner typed is in the report.
func (m *model) complete() tea.Cmd {
	m.mode, m.top, m.saveError = saving, 0, ""
	if m.opts.Link == nil {
		m.saved(nil)
		return nil
	}
	link, ctx := m.opts.Link, m.ctx
	report := event.Message{
		Type: event.Completed, ID: m.place.Event, Stage: m.stage.Number,
		Score: m.score(), Questions: len(m.stage.Questions),
	}
	return func() tea.Msg { return savedMsg{link.Complete(ctx, report)} }
}

func (m *model) saved(err error) {
	if m.mode != saving {
		return
	}
	if err != nil {
		m.saveError = err.Error()
		return
	}
	m.mode = finished
	forget(m.opts.StateDir, m.stage.Number)
}
