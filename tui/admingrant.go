package tui

import (
	"context"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

// maxLogin is longer than any login on GitHub.
const maxLogin = 39

// grant asks who is to have which stage, step by step.
type grant struct {
	login   entry
	earned  earned
	courses []Course
	prefer  *guest // whose course and stage the lists open on; may be nil
	step    grantStep
	course  int // an index into courses
	list    list
}

type grantStep int

const (
	grantLogin grantStep = iota
	grantCourse
	grantStage
)

func newGrant(courses []Course, g *guest) *grant {
	w := &grant{login: entry{limit: maxLogin}, courses: courses}
	if g != nil {
		chosen := *g
		w.prefer = &chosen
		w.login.set(g.Login)
	}
	return w
}

func (w *grant) title() string { return "Grant a stage" }

func (w *grant) rows() *list {
	if w.step == grantLogin {
		return nil
	}
	return &w.list
}

func (w *grant) typed() *entry {
	switch {
	case w.step == grantLogin:
		return &w.login
	case w.list.filter.typing:
		return &w.list.filter.entry
	}
	return nil
}

func (w *grant) keys() []key.Binding {
	switch {
	case w.step == grantLogin:
		return []key.Binding{keyNext, keyEscape}
	case w.list.filter.typing:
		return []key.Binding{keyChoose, keyClear}
	}
	return []key.Binding{keyChoose, keyEscape, keyHelp, keyFilter}
}

func (w *grant) press(a *Admin, k tea.KeyPressMsg) tea.Cmd {
	typing := w.step != grantLogin && w.list.filter.typing
	switch {
	case key.Matches(k, keyEscape) && !typing:
		w.stepBack(a)
	case key.Matches(k, keyNext):
		return w.next(a)
	case w.step == grantLogin:
		w.login.press(k)
	default:
		w.list.press(k)
	}
	return nil
}

func (w *grant) stepBack(a *Admin) {
	switch w.step {
	case grantLogin:
		a.back()
	case grantCourse:
		w.step = grantLogin
	case grantStage:
		w.listCourses(w.course)
	}
}

// next goes on with what is typed or chosen.
func (w *grant) next(a *Admin) tea.Cmd {
	row := w.list.selected()
	switch {
	case w.step == grantLogin && w.learner() == "":
		a.hint = "Type the learner's name on GitHub."
	case w.step == grantLogin && len(w.courses) == 0:
		a.hint = "There are no courses of which a stage could be granted."
	case w.step == grantLogin:
		at := 0
		for i, c := range w.courses {
			if w.prefer != nil && c.ID == w.prefer.CourseID {
				at = i
			}
		}
		w.listCourses(at)
		return w.lookUp(a, w.learner())
	case row < 0:
	case w.step == grantCourse && len(w.courses[row].Stages) == 0:
		a.hint = "This course has no stages yet."
	case w.step == grantCourse:
		w.listStages(row)
	default:
		c := w.courses[w.course]
		if s := c.Stages[row]; w.earned.has(c.ID, s.Number) {
			a.hint = w.learner() + " has that stage already."
		} else {
			w.ask(a, c, s)
		}
	}
	return nil
}

// learner is whose login was typed.
func (w *grant) learner() string { return strings.TrimSpace(w.login.text) }

func (w *grant) listCourses(at int) {
	w.step = grantCourse
	w.list = newList(len(w.courses), at, func(row int) bool { return w.list.filter.matches(w.courses[row].Title) })
}

func (w *grant) listStages(course int) {
	w.step, w.course = grantStage, course
	c := w.courses[course]
	at := 0
	for i, s := range c.Stages {
		if w.prefer != nil && c.ID == w.prefer.CourseID && s.Number == w.prefer.Stage {
			at = i
		}
	}
	w.list = newList(len(c.Stages), at, func(row int) bool { return w.list.filter.matches(c.Stages[row].Title) })
}

// ask is the last step: a question of its own.
func (w *grant) ask(a *Admin, c Course, s Stage) {
	login := w.learner()
	stage := "stage " + strconv.Itoa(s.Number)
	a.open(&question{
		head:  "Grant a stage?",
		asks:  "Count " + stage + ", " + s.Title + ", of " + c.Title + " as done for " + login + "?",
		notes: []string{"A stage that was granted cannot be taken back. It counts like one that was finished, and opens what follows. It is noted that you have granted it."},
		yes:   "grant it",
		deed: deed{
			name:  "Granting " + login + " " + stage,
			call:  func(ctx context.Context) error { return a.options.Grant(ctx, login, c.ID, s.Number) },
			done:  func() string { return login + " has " + stage + " of " + c.Title + "." },
			above: 1,
		},
	})
}

func (w *grant) lines(p page) []string {
	t := p.theme
	f := newForm(p)
	f.blank()
	login := w.learner()
	switch w.step {
	case grantLogin:
		f.say(t.strong, "Who gets a stage?")
		f.gap()
		f.entry(t.selected.Render(look.SignCursor)+" ", &w.login)
		f.gap()
		f.say(t.faded, "The learner's name on GitHub. They need not be connected.")
		return f.out
	case grantCourse:
		f.say(t.strong, "Of which course does "+login+" get a stage?")
	case grantStage:
		f.say(t.strong, "Which stage of "+w.courses[w.course].Title+" does "+login+" get?")
	}
	if w.earned.fault != nil {
		f.say(t.bad, "What "+login+" has done is not known. "+sentence(w.earned.fault, ""))
	}
	f.gap()
	rows := p
	rows.height = max(1, p.height-len(f.out)-1)
	drawn := w.list.draw(rows, func(i int, selected bool, width int) string {
		style := t.plain
		if selected {
			style = t.selected
		}
		if w.step == grantCourse {
			c := &w.courses[i]
			stages := count(len(c.Stages), "stage", "stages")
			if n := w.earned.of(c); n > 0 {
				stages = of(n, len(c.Stages)) + " done"
			}
			return look.Spread(style.Render(c.Title), t.faded.Render(stages), min(width, maxText))
		}
		c := &w.courses[w.course]
		s := &c.Stages[i]
		number := strconv.Itoa(s.Number)
		number = look.Fill("", columnsOf(c.Stages).number-len(number)) + number
		done := ""
		if w.earned.has(c.ID, s.Number) {
			done = t.done.Render(look.SignDone + " done")
		}
		return look.Spread(t.faded.Render(number+"  ")+style.Render(s.Title), done, min(width, maxText))
	})
	f.out = append(f.out, drawn...)
	if len(w.list.shown) > rows.height {
		f.out = append(f.out, w.list.rule(p, rows.height))
	}
	return f.out
}
