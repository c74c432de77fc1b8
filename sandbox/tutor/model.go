package tutor

import (
	"crypto/rand"
	"fmt"
	"time"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"lectern/course"
	"lectern/internal/look"
	"lectern/sandbox/event"
)

// screen is what the learner sees, apart from an overlay.
type screen int

const (
	overview    screen = iota
	reading            // one concept
	questioning        // one question
	finishing          // a stage without questions has been read
	saving             // the result is being recorded
	complete           // it is recorded
)

// overlay is what covers a screen.
type overlay int

const (
	nothing overlay = iota
	helping
	leaving
)

// Messages from outside of the terminal.
type (
	// noticeMsg is a line for the learner.
	noticeMsg string
	// watchedMsg says who looks at the screen; empty is nobody.
	watchedMsg string
	// deliveredMsg says how the handing over of a result ended.
	deliveredMsg struct {
		id  string
		err error
	}
)

// secondMsg is a message to itself.
type secondMsg struct{}

// Model is one lesson as a Bubble Tea model. Make it with [NewModel].
type Model struct {
	course course.Course
	stage  course.Stage
	next   *course.Stage // nil for the last one
	keeper keeper
	place  place
	alone  bool // there is no link
	// outbox takes the result. One is under way at most, so it never blocks.
	outbox chan event.Message
	now    func() time.Time

	width, height int
	light         bool // the background
	colourless    bool // the terminal has no colours, or is asked for none
	theme         theme
	markdown      *markdown
	sheet         sheet
	offset        int // the first visible line of the sheet

	overlay overlay
	helpAt  int // the first visible line of the help
	field   textarea.Model
	unclear bool // the last answer was none
	notices notices
	remark  string // what there is to say to the last key
	watched string // who looks at the screen

	recorded bool // the result is durable, or there is nobody to record it
	failure  string
	sentAt   time.Time
	underWay bool
}

// NewModel opens the stage that o names, at the place that was kept. It fails
// where the course has no such stage.
func NewModel(o Options) (*Model, error) {
	if o.Stage < 1 || o.Stage > len(o.Course.Stages) {
		return nil, fmt.Errorf("stage %d does not exist: %q has stages 1 to %d", o.Stage, o.Course.Title, len(o.Course.Stages))
	}
	m := &Model{
		course: o.Course,
		stage:  o.Course.Stages[o.Stage-1],
		keeper: newKeeper(o.StateDir, o.Course.ID, o.Stage),
		alone:  o.Link == nil,
		outbox: make(chan event.Message, 1),
		now:    time.Now,
		field:  newField(),
	}
	if o.Stage < len(o.Course.Stages) {
		m.next = &o.Course.Stages[o.Stage]
	}
	m.markdown = newMarkdown(&m.theme)
	m.paint()
	m.place = m.keeper.load(newPlace(m.course.ID, m.stage), m.pages(), len(m.stage.Questions))
	m.field.SetValue(m.place.Quiz.Answer)
	if m.place.Completion != "" {
		m.send()
	}
	return m, nil
}

// pages is how many pages are read before the questions.
func (m *Model) pages() int { return 1 + len(m.stage.Concepts) }

func (m *Model) screen() screen {
	switch {
	case m.recorded:
		return complete
	case m.place.Completion != "":
		return saving
	case m.place.Page == 0:
		return overview
	case m.place.Page < m.pages():
		return reading
	case len(m.stage.Questions) == 0:
		return finishing
	}
	return questioning
}

// Init asks for the background; it is taken for dark until that is known.
func (m *Model) Init() tea.Cmd {
	if m.screen() == saving {
		return tea.Batch(tea.RequestBackgroundColor, everySecond())
	}
	return tea.RequestBackgroundColor
}

// Update takes one message in.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		cmd = m.resize(msg)
	case tea.BackgroundColorMsg:
		m.light = !msg.IsDark()
		m.paint()
	case tea.ColorProfileMsg:
		m.colourless = msg.Profile < colorprofile.ANSI
		m.paint()
	case tea.KeyPressMsg:
		m.typed()
		cmd = m.key(msg)
	case tea.PasteMsg:
		m.typed()
		if m.typing() && m.overlay == nothing {
			m.edit(msg)
		}
	case noticeMsg:
		m.tell(string(msg))
	case watchedMsg:
		m.watched = string(msg)
	case deliveredMsg:
		m.deliveredNow(msg)
	case secondMsg:
		if m.screen() == saving && m.underWay {
			cmd = everySecond()
		}
	}
	m.settle()
	return m, cmd
}

// resize lays everything out anew. A terminal that comes back to this tutor
// says so with a size, often the same one as before, and knows nothing of what
// stood on the screen: so it is drawn whole, and asked for its background.
func (m *Model) resize(size tea.WindowSizeMsg) tea.Cmd {
	first, same := m.width == 0, m.width == size.Width && m.height == size.Height
	m.notices.redrawn(m.now())
	if !same {
		m.markdown.forget()
		m.width, m.height = size.Width, size.Height
		m.sizeField()
	}
	m.settle()
	m.goTo(m.place.At)
	m.reveal()
	switch {
	case first:
		return nil
	case same:
		return tea.Batch(tea.ClearScreen, tea.RequestBackgroundColor)
	}
	return tea.ClearScreen
}

// typed takes away what the learner has had the time to read.
func (m *Model) typed() {
	m.remark = ""
	if m.roomy() { // else nothing was to be read
		m.notices.typed(m.now())
	}
}

// tell takes a notice in. It takes its room from the text, of which the part that
// matters stays visible where it was.
func (m *Model) tell(text string) {
	seen := m.sheet.from >= m.offset && m.sheet.to <= m.offset+m.scrollHeight()
	m.notices.add(text, m.now())
	if seen {
		m.reveal()
	}
}

func (m *Model) paint() {
	m.theme = newTheme(!m.light, m.colourless)
	m.markdown.forget()
	m.paintField()
}

// key sends a key to the overlay or to the screen.
func (m *Model) key(k tea.KeyPressMsg) tea.Cmd {
	name := pressed(k)
	switch m.overlay {
	case helping:
		m.keyInHelp(name)
		return nil
	case leaving:
		return m.keyInLeave(name)
	}
	if name == "ctrl+c" || name == "q" && !m.typing() {
		if m.screen() == complete {
			return tea.Quit
		}
		m.overlay = leaving
		return nil
	}
	if name == "?" && !m.typing() {
		m.overlay, m.helpAt = helping, 0
		return nil
	}
	switch m.screen() {
	case overview, reading, finishing:
		return m.keyInPage(name)
	case questioning:
		return m.keyInQuestion(k, name)
	case saving:
		return m.keyInSaving(name)
	}
	switch name {
	case "enter", "esc":
		return tea.Quit
	}
	m.moved(name)
	return nil
}

func (m *Model) keyInHelp(name string) {
	last := len(m.helpLines()) - m.bodyHeight()
	switch name {
	case "down", "j":
		m.helpAt = min(m.helpAt+1, max(0, last))
	case "up", "k":
		m.helpAt = max(0, m.helpAt-1)
	case "pgdown", "space":
		m.helpAt = min(m.helpAt+m.bodyHeight(), max(0, last))
	case "pgup":
		m.helpAt = max(0, m.helpAt-m.bodyHeight())
	default:
		m.overlay = nothing
	}
}

func (m *Model) keyInLeave(name string) tea.Cmd {
	switch name {
	case "y", "enter", "ctrl+c":
		return tea.Quit
	case "n", "esc", "q":
		m.overlay = nothing
	}
	return nil
}

// keep writes the place down; a finished stage has none.
func (m *Model) keep() error {
	if m.recorded {
		return m.keeper.drop()
	}
	if m.typing() {
		m.place.Quiz.Answer = m.field.Value()
	}
	return m.keeper.save(m.place)
}

// kept is keep for the middle of the lesson, which goes on without it.
func (m *Model) kept() {
	if err := m.keep(); err != nil {
		m.remark = "What you have done could not be kept: " + look.OneLine(err.Error())
	}
}

// newID names a result; it is unique in the sandbox.
func newID() string { return rand.Text() }
