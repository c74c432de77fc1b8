package tui

import (
	"context"
	"errors"
	"io"
	"time"

	"charm.land/bubbles/v2/spinner"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/hangul"
	"lectern/internal/look"
)

// Errors that the functions of [AdminOptions] may return, wrapped or not. All
// others are shown to the instructor as they are.
var (
	// ErrNoLongerAdmin ends the program; [Admin.Err] gives it to the caller.
	ErrNoLongerAdmin = errors.New("you are no longer an instructor here")
	// ErrEnded says that the session is not there any more. It is no fault.
	ErrEnded = errors.New("it had ended already")
)

// AdminOptions are what an [Admin] needs. The functions are required. They run
// in goroutines of the program, several at a time, must return soon after their
// context has ended, and their errors should be sentences that say what is
// wrong and what to do.
type AdminOptions struct {
	// Login is the instructor who looks.
	Login string
	// Load gives what is shown. It is called one at a time.
	Load func(ctx context.Context) (Room, error)
	// Every is how long it is between two loads, 2 s where it is 0.
	Every time.Duration
	// Kill ends a session, whose learner is told the reason, which may be empty.
	Kill func(ctx context.Context, session, reason string) error
	// Message shows one line of plain text to the learner of a session, or to
	// everybody where session is empty.
	Message func(ctx context.Context, session, text string) error
	// Extend moves the end of a session to d from now.
	Extend func(ctx context.Context, session string, d time.Duration) error
	// Done gives the numbers of the stages that a learner has done, by the id of
	// the course.
	Done func(ctx context.Context, login string) (map[string][]int, error)
	// Grant records a stage as done by a learner, who need not be in the room.
	Grant func(ctx context.Context, login, courseID string, stage int) error
	// SetDoor closes the door to new sessions or opens it again. Who comes to a
	// closed one is told the reason, which may be empty.
	SetDoor func(ctx context.Context, closed bool, reason string) error
	// Events gives the newest events of a session, in any order.
	Events func(ctx context.Context, session string) ([]HistoryLine, error)
	// Watch copies what a session's terminal shows to out until ctx ends. It
	// calls sized before the first output and whenever the size changes, never
	// beside a Write. ending is a sentence that says why there is no more to
	// see.
	Watch func(ctx context.Context, session string, out io.Writer, sized func(cols, rows int)) (ending string, err error)
	// Width and Height are the terminal's size in cells until it reports
	// another; 80 by 24 where they are 0.
	Width, Height int
	// Background is what is known of the terminal's colour.
	Background Background
	// NoColor leaves bold and reverse as the only styles.
	NoColor bool
	// Now is the clock, time.Now where it is nil. It must be safe for use by
	// several goroutines.
	Now func() time.Time
}

// Room is all that an instructor looks after. The screen only reads it.
type Room struct {
	Sessions []Seat
	// Queue is who has no session yet.
	Queue []Waiter
	// Places is how many sessions there may be, 0 where that is not known.
	Places int
	// DoorClosed is true while nobody gets a new session. DoorReason is the
	// sentence that those are told, and may be empty.
	DoorClosed bool
	DoorReason string
	// Courses are those of which a stage can be granted.
	Courses []Course
}

// Seat is one session.
type Seat struct {
	// Session identifies it, also among the Waiters.
	Session     string
	Login       string
	CourseID    string
	CourseTitle string
	Stage       int
	StageTitle  string
	// Connected is true while a terminal is joined; DetachedAt is when the last
	// one left otherwise.
	Connected  bool
	DetachedAt time.Time
	// Times that are zero are not shown. All of them are in the zone in which
	// they are to be shown.
	Started, Expires, LastInput time.Time
	// MostLeft is how much longer the session can last at most, 0 where that is
	// not known.
	MostLeft time.Duration
	// Silent is set where the sandbox does not answer.
	Silent bool
	// Place is the host or node, Sandbox the name there; both may be empty.
	Place, Sandbox string
	// Tokens is what the session has used of a model.
	Tokens int64
	// Watched names those who look at the terminal now.
	Watched []string
	// Mine is set for the session of the instructor who looks.
	Mine bool
}

// Waiter is one who waits in the queue or whose sandbox is being made.
type Waiter struct {
	Session     string
	Login       string
	CourseID    string
	CourseTitle string
	Stage       int
	Since       time.Time
	// Position counts from 1 in the queue; 0 is one whose sandbox is being
	// made, and Phase says how far that is, in a word such as "pulling".
	Position int
	Phase    string
}

// HistoryLine is one event of a session.
type HistoryLine struct {
	At   time.Time
	Text string
}

// Admin is the instructor's screen: a Bubble Tea model like [App]. It is used by
// one program, which owns it until its Run has returned; [Admin.Close] then ends
// what it began.
type Admin struct {
	*frame
	options AdminOptions
	room    Room
	loaded  time.Time // when room was loaded; zero before the first time
	loading bool
	again   bool  // something was done meanwhile: load once more
	fault   error // why the newest load failed
	screens []pane
	seats   *seats
	said    time.Time // when the notice came up
	deed    *doing    // what is being done, nil for nothing
	crew    crew
	err     error
}

// pane is one of the things that Admin can show below its header.
type pane interface {
	face
	// press handles a key that Admin has no use for itself.
	press(a *Admin, k tea.KeyPressMsg) tea.Cmd
	// typed is the line into which letters go now, nil where they are commands.
	typed() *entry
}

// NewAdmin returns the instructor's screen, which loads what it shows.
func NewAdmin(o AdminOptions) *Admin {
	if o.Every <= 0 {
		o.Every = 2 * time.Second
	}
	a := &Admin{
		frame:   newFrame(o.Width, o.Height, o.Background, o.NoColor, o.Now),
		options: o,
	}
	a.moves = keysAdminMove
	a.options.Login = look.OneLine(o.Login)
	a.seats = newSeats(a)
	a.screens = []pane{a.seats}
	return a
}

// Err is why the program ended by itself, nil where the instructor left.
func (a *Admin) Err() error { return a.err }

// Init begins to load.
func (a *Admin) Init() tea.Cmd { return tea.Batch(a.ask(), a.load(), a.beat()) }

// Close cancels the calls that are still running and waits for them to return.
// Call it once the program's Run has returned, for whatever reason.
func (a *Admin) Close() { a.crew.close() }

// Update handles one message of the program.
func (a *Admin) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	a.adapt(msg)
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd = a.press(msg)
	case tea.PasteMsg:
		a.paste(msg.Content)
	case beatMsg:
		cmd = a.onBeat()
	case loadedMsg:
		cmd = a.onLoaded(msg)
	case doneMsg:
		cmd = a.onDone(msg)
	case spinner.TickMsg:
		if a.deed != nil {
			a.deed.spinner, cmd = a.deed.spinner.Update(msg)
		}
	case historyMsg:
		cmd = msg.of.onHistory(a, msg)
	case earnedMsg:
		cmd = msg.of.onEarned(a, msg)
	case frameMsg:
		cmd = msg.of.onFrame(a, msg)
	case watchedMsg:
		cmd = msg.of.onEnd(a, msg)
	}
	if w, ok := a.top().(*watch); ok {
		w.follow(a)
	}
	return a, cmd
}

// View draws the screen that is open.
func (a *Admin) View() tea.View {
	top := a.top()
	if w, ok := top.(*watch); ok && !a.help && a.roomy() {
		return a.screenful(w.whole(a.page()), nil)
	}
	a.busy = a.deedLine()
	right := ""
	if a.width >= look.Narrow {
		right = look.Clip(a.options.Login, 24)
	}
	return a.view(top, right, func(keys string) string { return keys })
}

// press handles the keys that mean the same on every screen and gives the
// others to the screen that is shown.
func (a *Admin) press(k tea.KeyPressMsg) tea.Cmd {
	a.hint = ""
	top := a.top()
	letters := top.typed() == nil
	if letters {
		k = hangul.Latin(k)
	}
	switch key := k.String(); {
	case key == "ctrl+c", !a.roomy() && letters && key == "q":
		return tea.Quit
	case !a.roomy():
		// Nothing is to be seen, so nothing but leaving may happen.
		return nil
	case a.deed != nil:
		if key == "esc" {
			a.deed.stop()
		}
		return nil
	case a.help:
		a.help = false
		return nil
	case letters && key == "?":
		a.help = true
		return nil
	}
	return top.press(a, k)
}

func (a *Admin) paste(text string) {
	line := a.top().typed()
	if line == nil || a.deed != nil || !a.roomy() {
		return
	}
	a.hint = ""
	line.insert(text)
	if l := a.top().rows(); l != nil {
		l.sift()
	}
}

func (a *Admin) top() pane { return a.screens[len(a.screens)-1] }

// open shows p above the present screen. A notice has been seen by then.
func (a *Admin) open(p pane) {
	a.notice = Notice{}
	a.screens = append(a.screens, p)
}

// back returns to the screen before; the table has none.
func (a *Admin) back() {
	a.notice = Notice{}
	if len(a.screens) > 1 {
		a.screens = a.screens[:len(a.screens)-1]
	}
}

// say shows a notice.
func (a *Admin) say(kind NoticeKind, text string) {
	a.notice, a.said = Notice{text, kind}, a.now()
}

// end leaves for good.
func (a *Admin) end(err error) tea.Cmd {
	a.err = err
	return tea.Quit
}
