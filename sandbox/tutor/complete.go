package tutor

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
	"lectern/sandbox/event"
)

// calmAfter is how long a result may be under way before more is said about
// it than that it is being saved.
const calmAfter = 2 * time.Second

// lowEnd is the height below which the end of a stage is short of lines.
const lowEnd = 20

// finish ends the lesson: the result gets its ID, which is kept before
// anything is sent, and goes out.
func (m *Model) finish() tea.Cmd {
	m.place.Completion = newID()
	m.place.At, m.offset = 0, 0
	m.kept()
	m.send()
	if m.recorded {
		return nil
	}
	return everySecond()
}

// send puts the result into the outbox. What it holds comes from the course
// and from counting, never from what was typed.
func (m *Model) send() {
	m.failure = ""
	if m.alone {
		m.record()
		return
	}
	m.sentAt, m.underWay = m.now(), true
	m.outbox <- event.Message{
		Type:      event.Completed,
		ID:        m.place.Completion,
		Stage:     m.stage.Number,
		Score:     m.place.Quiz.score(),
		Questions: len(m.stage.Questions),
	}
}

// deliveredNow takes in how the handing over ended.
func (m *Model) deliveredNow(d deliveredMsg) {
	if d.id != m.place.Completion || m.recorded {
		return
	}
	m.underWay = false
	if d.err != nil {
		m.failure = look.OneLine(d.err.Error())
		return
	}
	m.record()
}

// record ends the stage for good; a later visit begins at the overview.
func (m *Model) record() {
	m.recorded, m.offset = true, 0
	m.kept()
}

func (m *Model) keyInSaving(name string) tea.Cmd {
	if name == "enter" && m.failure != "" && !m.underWay {
		m.send()
		return everySecond()
	}
	m.moved(name)
	return nil
}

func everySecond() tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return secondMsg{} })
}

// skipped is the empty line above a short text, where there is room for it.
func (m *Model) skipped() []string {
	if m.height < lowEnd {
		return nil
	}
	return []string{""}
}

func (m *Model) savingLines() []string {
	width := m.textWidth()
	lines := m.skipped()
	if m.failure != "" {
		lines = append(lines, look.Wrap(m.theme.bad.Render(look.SignFailed+" Your result is not saved yet"), width)...)
		lines = append(append(lines, ""), look.Wrap("It could not be handed over: "+m.failure+".", width)...)
		return append(append(lines, ""), look.Wrap("Nothing is lost: it is kept here, and it is sent again when you press Enter or open this stage anew.", width)...)
	}
	title := m.theme.brand.Render("Saving your result…")
	waited := m.now().Sub(m.sentAt)
	if waited < calmAfter {
		return append(lines, title)
	}
	lines = append(lines, title+" "+m.theme.faded.Render(fmt.Sprintf("%d s", int(waited.Seconds()))))
	return append(append(lines, ""), look.Wrap("This takes longer than usual. Your result is kept and will be saved as soon as the connection is back. There is nothing you have to do.", width)...)
}

// completeLines is the page at the end.
func (m *Model) completeLines() []string {
	width := m.textWidth()
	heading := fmt.Sprintf("%s Stage %d complete", look.SignDone, m.stage.Number)
	lines := append(m.skipped(), look.Wrap(m.theme.good.Render(heading), width)...)
	lines = append(lines, m.theme.good.Render(strings.Repeat("━", min(width, len([]rune(heading))))))
	lines = append(append(lines, look.Wrap(m.theme.strong.Render(m.stage.Name()), width)...), "")
	if n := len(m.stage.Questions); n > 0 {
		score := m.place.Quiz.score()
		lines = append(lines, look.Wrap(scored(score, n), width)...)
		lines = append(lines, m.theme.bar(score, n, min(width, 32)), "")
	}
	next := "You have finished the course."
	if m.next != nil {
		next = m.theme.strong.Render(fmt.Sprintf("Stage %d: %s", m.next.Number, m.next.Name())) + " comes next."
	}
	if m.alone {
		next = m.theme.news.Render(look.SignNotice) + " This result is not recorded: this tutor runs on its own."
	}
	lines = append(lines, look.Wrap(next, width)...)
	if m.height < lowEnd { // the line of keys says it as well
		return lines
	}
	return append(append(lines, ""), look.Wrap(m.theme.brand.Render("Enter")+" returns to the stages", width)...)
}

func scored(score, questions int) string {
	switch {
	case questions == 1 && score == 1:
		return "You answered the question rightly at the first attempt."
	case questions == 2 && score == 2:
		return "You answered both questions rightly at the first attempt."
	case score == questions:
		return fmt.Sprintf("You answered all %d questions rightly at the first attempt.", questions)
	}
	return fmt.Sprintf("You answered %d of %d questions rightly at the first attempt, and all of them in the end.", score, questions)
}
