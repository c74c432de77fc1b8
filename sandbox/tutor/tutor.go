// Package tutor teaches one stage of a course without a model: concept pages,
// then a quiz, on the terminal it is started on. It runs inside a sandbox.
//
// It knows courses and the link to the holder around it, and nothing of SSH,
// gateways or where progress is stored.
package tutor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	tea "charm.land/bubbletea/v2"

	"lectern/course"
)

// Options is what a lesson needs.
type Options struct {
	Course course.Course
	// Stage is the number of the stage to teach, from 1.
	Stage int
	// StateDir keeps the learner's place; empty: it is forgotten.
	StateDir string
	// Link reports the finished stage; nil where the tutor was started by hand.
	Link Link
	// Environ tells about the terminal.
	Environ []string
}

// Run teaches until the learner leaves or ctx ends. It closes the Link.
func Run(ctx context.Context, o Options, in io.Reader, out io.Writer) error {
	m, err := newModel(ctx, o)
	if err != nil {
		return err
	}
	program := tea.NewProgram(m,
		tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithEnvironment(o.Environ),
		tea.WithoutSignalHandler(),
	)
	var notices chan struct{}
	if o.Link != nil {
		notices = make(chan struct{})
		go func() {
			defer close(notices)
			for text := range o.Link.Notices() {
				program.Send(noticeMsg(text))
			}
		}()
	}
	_, err = program.Run()
	m.cancel()
	if o.Link != nil {
		_ = o.Link.Close()
		<-notices
	}
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil // asked to leave; the place is saved at every step
	}
	return err
}

// The pages that are no concepts. Concepts count from 0, the quiz follows them.
const overview = -1

// mode is what the quiz or its end is waiting for.
type mode int

const (
	reading   mode = iota
	asking         // for an answer
	judging        // by the learner: was a free answer the same?
	answered       // the verdict is shown
	finishing      // there are no questions: only the last Enter is missing
	saving         // the result is on its way
	finished
)

// model is the lesson.
type model struct {
	ctx    context.Context
	cancel context.CancelFunc
	opts   Options
	stage  course.Stage
	place  place
	theme  theme
	dark   bool
	plain  bool // NO_COLOR

	width, height int
	top           int // first line shown of a page
	lines         []string
	linesFor      layoutKey

	mode    mode
	queue   []int // questions still to answer, the present one first
	tries   int   // at the present question
	cursor  int   // the option under the cursor
	typed   []rune
	verdict course.Verdict
	hint    string

	leaving, help bool
	notice        string
	saveError     string
}

type (
	noticeMsg string
	savedMsg  struct{ err error }
)

func newModel(ctx context.Context, o Options) (*model, error) {
	i := slices.IndexFunc(o.Course.Stages, func(s course.Stage) bool { return s.Number == o.Stage })
	if i < 0 {
		return nil, fmt.Errorf("%s has no stage %d", o.Course.Title, o.Stage)
	}
	m := &model{opts: o, stage: o.Course.Stages[i], width: 80, height: 24, dark: true}
	m.ctx, m.cancel = context.WithCancel(ctx)
	m.plain = slices.ContainsFunc(o.Environ, func(v string) bool { return len(v) > 9 && v[:9] == "NO_COLOR=" })
	m.theme = newTheme(m.dark, m.plain)
	m.place = loadPlace(o.StateDir, m.stage)
	if m.place.Page == len(m.stage.Concepts) {
		m.enterQuiz()
	}
	return m, nil
}

// Init asks for the terminal's background.
func (m *model) Init() tea.Cmd {
	if m.plain {
		return nil
	}
	return tea.RequestBackgroundColor
}

// Update handles one message of the program.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
		return m, tea.ClearScreen // a terminal that has just joined shows nothing yet
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.theme = newTheme(m.dark, m.plain)
	case noticeMsg:
		m.notice = string(msg)
	case savedMsg:
		m.saved(msg.err)
	case tea.PasteMsg:
		if m.mode == asking && m.free() {
			m.typed = append(m.typed, []rune(msg.Content)...)
		}
	case tea.KeyPressMsg:
		m.notice = ""
		return m, m.press(msg)
	}
	return m, nil
}

// resize keeps the line that is read at the same part of the text.
func (m *model) resize(width, height int) {
	if width <= 0 || height <= 0 {
		return
	}
	before, at := len(m.content()), m.top
	m.width, m.height = width, height
	if after := len(m.content()); before > 0 {
		m.top = at * after / before
	}
	m.scroll(0)
}

// keep saves the place; a full disk costs the place, not the lesson.
func (m *model) keep() {
	if err := m.place.save(m.opts.StateDir, m.stage.Number); err != nil {
		m.notice = "Your place could not be saved: the disk may be full."
	}
}
