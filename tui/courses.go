package tui

import (
	"fmt"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// courses is the list of courses, with the running session above them.
type courses struct {
	all     []Course
	running *Session
	list    list
	digits  int // the width of the longest "2 of 5" in the list
}

func newCourses(h Home) *courses {
	c := &courses{all: h.Courses, running: h.Running}
	for i := range c.all {
		c.digits = max(c.digits, len(of(c.all[i].done(), len(c.all[i].Stages))))
	}
	n := len(c.all)
	if c.running != nil {
		n++
	}
	c.list = newList(n, 0, c.matches)
	return c
}

// course is the course of a row, nil for the row of the running session.
func (c *courses) course(row int) *Course {
	if c.running != nil {
		row--
	}
	if row < 0 {
		return nil
	}
	return &c.all[row]
}

// goTo puts the cursor on a course and returns it, nil where there is none.
func (c *courses) goTo(id string) *Course {
	for row := range c.list.all {
		if course := c.course(row); course != nil && course.ID == id {
			c.list.cursor = row
			return course
		}
	}
	return nil
}

func (c *courses) matches(row int) bool {
	f := &c.list.filter
	course := c.course(row)
	if course == nil {
		return f.matches(c.running.CourseTitle, c.running.StageTitle)
	}
	texts := make([]string, 0, 1+len(course.Stages))
	texts = append(texts, course.Title)
	for _, s := range course.Stages {
		texts = append(texts, s.Title)
	}
	return f.matches(texts...)
}

// found is the first stage by which the filter found a course that it did not
// find by its title, nil where there is none.
func (c *courses) found(course *Course) *Stage {
	f := &c.list.filter
	if f.text == "" || f.matches(course.Title) {
		return nil
	}
	for i := range course.Stages {
		if f.matches(course.Title, course.Stages[i].Title) {
			return &course.Stages[i]
		}
	}
	return nil
}

func (c *courses) title() string { return "Courses" }

func (c *courses) progress() (done, all int) {
	for _, course := range c.all {
		done += course.done()
		all += len(course.Stages)
	}
	return done, all
}

func (c *courses) rows() *list { return &c.list }

func (c *courses) keys() []key.Binding {
	row := c.list.selected()
	switch {
	case c.list.filter.typing:
		return []key.Binding{keyTyping, keyClear}
	case row < 0:
		return []key.Binding{keyHelp, keyQuit}
	case c.course(row) == nil:
		return []key.Binding{keyResume, keyHelp, keyQuit, keyFilter}
	}
	return []key.Binding{keyOpen, keyHelp, keyQuit, keyFilter}
}

func (c *courses) press(a *App, k tea.KeyPressMsg) tea.Cmd {
	if c.list.press(k) {
		return nil
	}
	row := c.list.selected()
	if row < 0 || !key.Matches(k, keyOpen) {
		return nil
	}
	course := c.course(row)
	if course == nil {
		if key.Matches(k, keyResume) {
			return a.resume()
		}
		return nil
	}
	s := newStages(*course, c.running, false)
	if stage := c.found(course); stage != nil {
		s.goTo(stage.Number)
	}
	c.list.filter = newFilter()
	c.list.sift()
	a.open(s)
	return nil
}

func (c *courses) lines(p page) []string {
	if len(c.all) == 0 && c.running == nil {
		return []string{"", " There are no courses yet.", " " + p.theme.faded.Render("Please ask your instructor.")}
	}
	return p.beside(&c.list, func(i int, selected bool, width int) string {
		course := c.course(i)
		if course == nil {
			return p.runningRow(c.running, selected, width)
		}
		return p.courseRow(course, c.found(course), selected, c.digits, width)
	}, func(p page) []string {
		row := c.list.selected()
		if row < 0 {
			return nil
		}
		if course := c.course(row); course != nil {
			return p.courseDetails(course)
		}
		return p.runningDetails(c.running)
	})
}

// done is how many stages of the course are done.
func (c *Course) done() int {
	n := 0
	for _, s := range c.Stages {
		if s.State == Done {
			n++
		}
	}
	return n
}

// courseRow says at its end how much is done, and which stage was found where
// a filter found one.
func (p page) courseRow(c *Course, found *Stage, selected bool, digits, width int) string {
	t := p.theme
	title := t.plain
	if selected {
		title = t.selected
	}
	done, all := c.done(), len(c.Stages)
	right := "no stages"
	if all > 0 {
		right = fmt.Sprintf("%*s done", digits, of(done, all))
		if p.width < look.Narrow { // the header says what is counted
			right = fmt.Sprintf("%*s", digits-len(" of ")+len("/"), fmt.Sprintf("%d/%d", done, all))
		}
		sign := " "
		if done == all {
			sign = look.SignDone
		}
		right = t.done.Render(sign) + " " + t.faded.Render(right)
	}
	if p.width >= look.Narrow && all > 0 {
		right = t.bar(done, all, 10) + " " + right
	}
	if found == nil {
		return look.Spread(title.Render(look.OneLine(c.Title)), right, width)
	}
	// A long title gives half of its room to the stage that was found.
	stage := fmt.Sprintf(" · %d %s", found.Number, look.OneLine(found.Title))
	room := width - lipgloss.Width(right) - 1
	left := look.Clip(look.OneLine(c.Title), max(room/2, room-lipgloss.Width(stage)))
	return look.Spread(title.Render(left)+t.faded.Render(stage), right, width)
}

func (p page) courseDetails(c *Course) []string {
	t := p.theme
	out := each(t.strong, shorten(wrap(c.Title, p.width), 2, p.width))
	if len(c.Authors) > 0 {
		out = append(out, t.faded.Render(look.Clip("by "+look.OneLine(strings.Join(c.Authors, ", ")), p.width)))
	}
	next := c.next(p)
	// In a pane of its own the stages have room below the text, elsewhere the
	// text may have all that the last line leaves.
	room := p.height - len(out) - 3
	if p.height > 14 {
		room = p.height - len(out) - len(c.Stages) - 4
		room = max(room, 5)
	}
	if text := shorten(wrap(c.Description, p.width), room, p.width); len(text) > 0 {
		out = append(out, "")
		out = append(out, text...)
	}
	out = append(out, "")
	if p.height-len(out) < len(c.Stages) || len(c.Stages) == 0 {
		return append(out, next)
	}
	cols := columnsOf(c.Stages)
	for _, s := range c.Stages {
		sign, word, style := t.signOf(s.State, false)
		out = append(out, style.Render(fmt.Sprintf("%s %-*s", sign, cols.word, word))+
			look.Clip(fmt.Sprintf("  %*d  %s", cols.number, s.Number, look.OneLine(s.Title)), p.width-2-cols.word))
	}
	return out
}

// next is one line that says how a course goes on.
func (c *Course) next(p page) string {
	t := p.theme
	for _, s := range c.Stages {
		if s.State == Open {
			return t.open.Render(signOpen+" next") + look.Clip(fmt.Sprintf("  Stage %d · %s", s.Number, look.OneLine(s.Title)), p.width-6)
		}
	}
	switch {
	case len(c.Stages) == 0:
		return t.faded.Render("This course has no stages yet.")
	case c.done() == len(c.Stages):
		return t.done.Render(look.SignDone + " course complete")
	}
	return t.faded.Render(signLocked + " no stage is open")
}

func (p page) runningRow(s *Session, selected bool, width int) string {
	t := p.theme
	text := t.open
	if selected {
		text = t.selected
	}
	lasted := minutes(p.now.Sub(s.Since))
	head, course := signRunning+" Continue: ", look.OneLine(s.CourseTitle)
	stage := fmt.Sprintf("Stage %d", s.Stage)
	left := head + course + " · " + stage + " " + look.OneLine(s.StageTitle)
	right := "(running for " + lasted + ")"
	fits := func() bool { return lipgloss.Width(left)+1+lipgloss.Width(right) <= width }
	// The number of the stage says enough where its title would have to be cut:
	// the details have both titles.
	if !fits() {
		left = head + course + " · " + stage
	}
	if !fits() {
		right = "(" + lasted + ")"
	}
	if !fits() {
		room := width - lipgloss.Width(right) - 1
		left = head + stage
		if course = look.Clip(course, room-lipgloss.Width(head+" · "+stage)); course != "" {
			left = head + course + " · " + stage
		}
	}
	return look.Spread(text.Render(left), t.faded.Render(right), width)
}

func (p page) runningDetails(s *Session) []string {
	t := p.theme
	out := each(t.strong, shorten(wrap(s.CourseTitle, p.width), 2, p.width))
	out = append(out, shorten(wrap(fmt.Sprintf("Stage %d · %s", s.Stage, look.OneLine(s.StageTitle)), p.width), 2, p.width)...)
	out = append(out, "", t.selected.Render(signRunning+" running")+" for "+minutes(p.now.Sub(s.Since)))
	if !s.Expires.IsZero() {
		out = append(out, endsIn(s.Expires.Sub(p.now)))
	}
	enter := "Enter goes back to it."
	if s.Attached {
		out = append(out, p.elsewhere()...)
		enter = "Enter takes it over here."
	}
	return append(out, "", t.faded.Render(enter))
}

// elsewhere warns of what going back to a session does to the terminal that
// shows it now, since only one can.
func (p page) elsewhere() []string {
	return wrap("It is also open in another terminal, which is let go when you continue here.", p.width)
}

func endsIn(d time.Duration) string {
	if d <= 0 {
		return "It is about to end."
	}
	return "It ends in " + minutes(d) + " at the latest."
}
