package tui

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/spinner"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/hangul"
	"lectern/internal/look"
)

// refreshFor is how long a learner waits for fresh lists before the old ones
// are shown again.
const refreshFor = 5 * time.Second

// Options are what an [App] needs.
type Options struct {
	// Home is what is shown first.
	Home Home
	// From is the stage that the learner comes from. Where it is given, the
	// picker opens on the stages of that course with the cursor where they go
	// on. The course need not be among Home's any more.
	From Place
	// Start makes the sandbox of a choice ready and is required. It runs in a
	// goroutine of the program, reports its phases in order, and must return
	// soon after ctx has ended. Its error is shown to the learner as it is, so
	// it should be a sentence that says what is wrong and what to do. report
	// does not block and must not be called after Start has returned.
	Start func(ctx context.Context, choice Choice, report func(Phase)) error
	// Refresh loads Home again after a start that was cancelled or failed. Its
	// Notice is not shown. Where Refresh is nil, the old lists are shown.
	Refresh func(ctx context.Context) (Home, error)
	// Width and Height are the terminal's size in cells until it reports
	// another; 80 by 24 where they are 0.
	Width, Height int
	// Background is what is known of the terminal's colour. A session that
	// shows a second picker passes on [App.Background], so that the terminal
	// is not asked again.
	Background Background
	// NoColor leaves bold and reverse as the only styles.
	NoColor bool
	// Now is the clock, time.Now where it is nil. Start's reports read it too,
	// so it must be safe for use by several goroutines.
	Now func() time.Time
}

// App is the picker: one Bubble Tea model that holds all the screens. While it
// only shows lists it has no timer running. It is used by one program, which
// owns it until its Run has returned; [App.Close] then ends what it began.
type App struct {
	*frame
	start   func(context.Context, Choice, func(Phase)) error
	refresh func(context.Context) (Home, error)
	home    Home
	screens []screen // the last one is shown, Esc goes back to the one before
	task    *task    // the newest call of start or refresh; one runs at a time
	result  Result
}

// screen is one of the things that App can show below its header.
type screen interface {
	face
	// progress is how many stages are done, for the header; of none at all it
	// says nothing.
	progress() (done, all int)
	// press handles a key that App has no use for itself.
	press(a *App, k tea.KeyPressMsg) tea.Cmd
}

// New returns a picker that shows o.Home.
func New(o Options) *App {
	a := &App{
		frame: newFrame(o.Width, o.Height, o.Background, o.NoColor, o.Now),
		start: o.Start, refresh: o.Refresh,
	}
	a.show(o.Home, o.Home.Notice, o.From)
	return a
}

// Init asks for the terminal's background where it is not known.
func (a *App) Init() tea.Cmd { return a.ask() }

// Result is what the learner decided. It is meaningful once the program has
// ended; a program that was killed leaves the zero Result, which is Quit.
func (a *App) Result() Result { return a.result }

// Close cancels a call of Start or Refresh that is still running and waits for
// it to return. Call it once the program's Run has returned, for whatever
// reason.
func (a *App) Close() {
	if a.task != nil {
		a.task.cancel()
		a.task.wait()
	}
}

// Update handles one message of the program.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	a.adapt(msg)
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return a, a.press(msg)
	case tea.PasteMsg:
		if l := a.top().rows(); l != nil && l.filter.typing && a.roomy() {
			l.filter.insert(msg.Content)
			l.sift()
		}
	case spinner.TickMsg, phasesMsg, startedMsg, refreshedMsg:
		if w, ok := a.top().(*waiting); ok {
			return a, w.update(a, msg)
		}
	}
	return a, nil
}

// View draws the screen that is open.
func (a *App) View() tea.View {
	top := a.top()
	return a.view(top, a.rightOf(top), a.besideKeys)
}

// rightOf is the progress and the learner's name, for the header.
func (a *App) rightOf(s screen) string {
	right := ""
	if done, all := s.progress(); all > 0 {
		right = of(done, all) + " stages done"
		if a.width < look.Narrow {
			right = of(done, all) + " done"
		}
	}
	if login := look.OneLine(a.home.Login); a.width >= look.Narrow && login != "" {
		if right != "" {
			right += " · "
		}
		right += look.Clip(login, 24)
	}
	return right
}

// press handles the keys that mean the same on every screen and gives the
// others to the screen that is shown.
func (a *App) press(k tea.KeyPressMsg) tea.Cmd {
	a.hint = ""
	top := a.top()
	_, waits := top.(*waiting)
	l := top.rows()
	typing := l != nil && l.filter.typing
	if !typing {
		k = hangul.Latin(k)
	}
	switch {
	case k.String() == "ctrl+c" && waits:
		return top.press(a, k)
	case k.String() == "ctrl+c", !typing && !waits && key.Matches(k, keyQuit):
		return a.quit(Result{})
	case !a.roomy():
		// Nothing is to be seen, so nothing but leaving may happen.
		return nil
	case a.help:
		a.help = false
		return nil
	case !typing && key.Matches(k, keyHelp):
		a.help = true
		return nil
	}
	return top.press(a, k)
}

func (a *App) quit(r Result) tea.Cmd {
	a.result = r
	return tea.Quit
}

// show begins anew with h and the screen that is its root: the courses, or the
// stages of the only course. Where the learner comes from a stage, the stages
// of its course are open.
func (a *App) show(h Home, n Notice, from Place) {
	a.home, a.notice, a.help = h, n, false
	a.recorded = h.Recorded
	if len(h.Courses) == 1 {
		s := newStages(h.Courses[0], h.Running, true)
		if from.CourseID == s.course.ID {
			s.goOnFrom(from.Stage)
		}
		a.screens = []screen{s}
		return
	}
	c := newCourses(h)
	a.screens = []screen{c}
	if course := c.goTo(from.CourseID); course != nil {
		s := newStages(*course, h.Running, false)
		s.goOnFrom(from.Stage)
		a.screens = append(a.screens, s)
	}
}

func (a *App) top() screen { return a.screens[len(a.screens)-1] }

// open shows s above the present screen. A notice has been seen by then.
func (a *App) open(s screen) {
	a.notice = Notice{}
	a.screens = append(a.screens, s)
}

// back returns to the screen before; the root has none.
func (a *App) back() {
	if len(a.screens) > 1 {
		a.notice = Notice{}
		a.screens = a.screens[:len(a.screens)-1]
	}
}

// choose starts what the learner picked, or asks first where that would end
// the running session.
func (a *App) choose(c Course, s Stage) tea.Cmd {
	run := a.home.Running
	switch {
	case run == nil:
		return a.launch(Choice{CourseID: c.ID, Stage: s.Number}, c.Title, s.Title)
	case run.CourseID == c.ID && run.Stage == s.Number:
		return a.resume()
	}
	a.open(&confirm{running: *run, course: c, stage: s})
	return nil
}

// resume goes back into the running session.
func (a *App) resume() tea.Cmd {
	run := a.home.Running
	return a.launch(Choice{CourseID: run.CourseID, Stage: run.Stage, Resume: true}, run.CourseTitle, run.StageTitle)
}

// launch opens the waiting room and calls Start.
func (a *App) launch(c Choice, course, stage string) tea.Cmd {
	w, cmd := newWaiting(a, c, course, stage)
	a.open(w)
	return cmd
}

// run begins a call that Close will wait for.
func (a *App) run(call func(context.Context) tea.Msg) tea.Cmd {
	t, cmd := newTask(call)
	a.task = t
	return cmd
}
