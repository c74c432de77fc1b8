package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

// stages is the list of one course's stages. Where the course is the only one,
// this is the first screen and shows the running session above the stages.
type stages struct {
	course  Course
	running *Session
	root    bool
	list    list
}

func newStages(c Course, running *Session, root bool) *stages {
	s := &stages{course: c, running: running, root: root}
	at := s.first()
	for i, stage := range c.Stages {
		if stage.State == Open {
			at += i
			break
		}
	}
	if s.first() > 0 {
		at = 0
	}
	s.list = newList(s.first()+len(c.Stages), at, s.matches)
	return s
}

// first is the row of the first stage.
func (s *stages) first() int {
	if s.root && s.running != nil {
		return 1
	}
	return 0
}

// stage is the stage of a row, nil for the row of the running session.
func (s *stages) stage(row int) *Stage {
	if row -= s.first(); row < 0 {
		return nil
	}
	return &s.course.Stages[row]
}

func (s *stages) matches(row int) bool {
	if stage := s.stage(row); stage != nil {
		return s.list.filter.matches(stage.Title)
	}
	return s.list.filter.matches(s.running.CourseTitle, s.running.StageTitle)
}

// goTo puts the cursor on a stage.
func (s *stages) goTo(number int) {
	for i := range s.course.Stages {
		if s.course.Stages[i].Number == number {
			s.list.cursor = s.first() + i
		}
	}
}

// goOnFrom puts the cursor where a learner who comes from a stage goes on: on
// what runs, or else on that stage, or on the next one where it is done.
func (s *stages) goOnFrom(number int) {
	i := slices.IndexFunc(s.course.Stages, func(stage Stage) bool { return stage.Number == number })
	switch {
	case s.first() > 0: // the running session has a row of its own
		s.list.cursor = 0
	case s.running != nil && s.running.CourseID == s.course.ID:
		s.goTo(s.running.Stage)
	case i >= 0 && s.course.Stages[i].State == Done:
		s.goTo(s.after(i))
	case i >= 0:
		s.goTo(number)
	}
}

// after is the number of the open stage that follows the one at index i, or of
// the first open one where none follows, or of that at i where all are done.
func (s *stages) after(i int) int {
	all := s.course.Stages
	for j := range all {
		if next := &all[(i+1+j)%len(all)]; next.State == Open {
			return next.Number
		}
	}
	return all[i].Number
}

// runsIn reports whether the running session is in this stage.
func (s *stages) runsIn(stage *Stage) bool { return s.sessionIn(stage) != nil }

// sessionIn is the running session where it is in this stage, nil otherwise.
func (s *stages) sessionIn(stage *Stage) *Session {
	if s.running != nil && s.running.CourseID == s.course.ID && s.running.Stage == stage.Number {
		return s.running
	}
	return nil
}

func (s *stages) title() string { return look.OneLine(s.course.Title) }

func (s *stages) progress() (done, all int) {
	return s.course.done(), len(s.course.Stages)
}

func (s *stages) rows() *list { return &s.list }

func (s *stages) keys() []key.Binding {
	if s.list.filter.typing {
		return []key.Binding{keyTyping, keyClear}
	}
	enter := keyStart
	if row := s.list.selected(); row >= 0 {
		switch stage := s.stage(row); {
		case stage == nil || s.runsIn(stage):
			enter = keyResume
		case stage.State == Locked:
			enter = keyLocked
		}
	}
	if s.root {
		return []key.Binding{enter, keyHelp, keyQuit, keyFilter}
	}
	return []key.Binding{enter, keyBack, keyHelp, keyQuit, keyFilter}
}

func (s *stages) press(a *App, k tea.KeyPressMsg) tea.Cmd {
	if s.list.press(k) {
		return nil
	}
	row := s.list.selected()
	switch {
	case key.Matches(k, keyBack) && !s.list.filter.typing:
		a.back()
	case row < 0 || !key.Matches(k, keyStart):
	case s.stage(row) == nil:
		return a.resume()
	case s.stage(row).State == Locked && !s.runsIn(s.stage(row)):
		a.hint = s.opener(row - s.first())
	default:
		return a.choose(s.course, *s.stage(row))
	}
	return nil
}

// opener says which stage opens the locked one at index i.
func (s *stages) opener(i int) string {
	for j := i - 1; j >= 0; j-- {
		if before := s.course.Stages[j]; before.State != Done {
			return fmt.Sprintf("Locked until stage %d is done.", before.Number)
		}
	}
	return fmt.Sprintf("Stage %d is locked.", s.course.Stages[i].Number)
}

func (s *stages) lines(p page) []string {
	if len(s.course.Stages) == 0 && s.first() == 0 {
		return []string{"", " This course has no stages yet."}
	}
	return p.beside(&s.list, func(i int, selected bool, width int) string {
		stage := s.stage(i)
		if stage == nil {
			return p.runningRow(s.running, selected, width)
		}
		return p.stageRow(stage, selected, s.runsIn(stage), s.columns(), width)
	}, func(p page) []string {
		row := s.list.selected()
		if row < 0 {
			return nil
		}
		if stage := s.stage(row); stage != nil {
			return p.stageDetails(stage, s.sessionIn(stage))
		}
		return p.runningDetails(s.running)
	})
}

// columns are the widths that the rows of one course have in common.
type columns struct{ word, number int }

func columnsOf(all []Stage) columns {
	c := columns{word: len("locked"), number: 1}
	for i := range all {
		c.number = max(c.number, len(strconv.Itoa(all[i].Number)))
	}
	return c
}

func (s *stages) columns() columns {
	c := columnsOf(s.course.Stages)
	if s.running != nil && s.running.CourseID == s.course.ID {
		c.word = len("running")
	}
	return c
}

func (p page) stageRow(s *Stage, selected, running bool, cols columns, width int) string {
	t := p.theme
	sign, word, style := t.signOf(s.State, running)
	title := t.plain
	switch {
	case selected:
		title = t.selected
	case s.State == Locked && !running:
		title = t.faded
	}
	right := ""
	if p.width >= look.Narrow {
		right = t.faded.Render(count(s.Questions, "question", "questions"))
	}
	left := style.Render(fmt.Sprintf("%s %-*s", sign, cols.word, word)) +
		title.Render(fmt.Sprintf("  %*d  %s", cols.number, s.Number, look.OneLine(s.Title)))
	return look.Spread(left, right, width)
}

func (p page) stageDetails(s *Stage, session *Session) []string {
	t, running := p.theme, session != nil
	out := each(t.strong, shorten(wrap(fmt.Sprintf("Stage %d · %s", s.Number, look.OneLine(s.Title)), p.width), 2, p.width))

	sign, word, style := t.signOf(s.State, running)
	facts := []string{count(len(s.Concepts), "concept", "concepts"), count(s.Questions, "question", "questions")}
	if s.State == Done && !s.DoneAt.IsZero() {
		facts = append([]string{"done on " + s.DoneAt.Format("2 January 2006")}, facts...)
		if !running {
			word = ""
		}
	}
	state := strings.TrimSpace(sign + " " + word)
	sep := " · "
	if word == "" {
		sep = " "
	}
	out = append(out, style.Render(state)+look.Clip(t.faded.Render(sep+strings.Join(facts, " · ")), p.width-2-len(word)))
	if running && session.Attached {
		out = append(out, p.elsewhere()...)
	}

	concepts := p.concepts(s.Concepts, p.height-len(out))
	if p.height > minDetails {
		out = append(out, "")
	}
	room := p.height - len(out) - len(concepts)
	out = append(out, shorten(wrap(s.Description, p.width), room, p.width)...)
	return append(out, concepts...)
}

// concepts lists them one a line where that leaves room for a description, and
// in running text otherwise.
func (p page) concepts(titles []string, room int) []string {
	t := p.theme
	if len(titles) == 0 || room < 2 {
		return nil
	}
	listed := []string{"", t.faded.Render("Concepts")}
	for _, title := range titles {
		for i, line := range wrap(title, p.width-4) {
			indent := "  "
			if i > 0 {
				indent = "    "
			}
			listed = append(listed, indent+line)
		}
	}
	if len(listed) <= room*2/3 {
		return listed
	}
	lines := wrap("Concepts: "+look.OneLine(strings.Join(titles, " · ")), p.width)
	return append([]string{""}, each(t.faded, shorten(lines, max(1, (room-1)/2), p.width))...)
}
