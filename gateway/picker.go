package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"lectern/course"
	"lectern/sandbox"
	"lectern/tui"
)

// pick shows the picker until the learner has a sandbox, or leaves: then both
// results are nil.
func (s *session) pick(notice tui.Notice) (sandbox.Sandbox, error) {
	defer s.shows(inPicker)()
	home, err := s.server.home(s.ctx, s.who.Login)
	if err != nil {
		return nil, err
	}
	home.Notice = notice
	if home.Running == nil {
		home.Notice = s.noticeOfUnheard(notice)
	}
	// Of the newest start that came to something. The app runs one at a time and
	// knows of its end before it quits, so nobody else is at it then. One that
	// was cancelled too late leaves its sandbox here as well.
	var ready sandbox.Sandbox
	size, newer, stop := s.window.follow()
	defer stop()
	size = forPicker(size)
	app := tui.New(tui.Options{
		Home: home, From: s.studied,
		Start: func(ctx context.Context, c tui.Choice, report func(tui.Phase)) error {
			sb, err := s.start(ctx, c, report)
			if err == nil {
				ready = sb
			}
			return err
		},
		Refresh: func(ctx context.Context) (tui.Home, error) { return s.server.home(ctx, s.who.Login) },
		Width:   size.Cols, Height: size.Rows,
		Background: s.background,
	})
	defer app.Close()
	err = s.show(app, size, newer)
	s.background = app.Background()
	if cause := context.Cause(s.ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, fmt.Errorf("show the picker: %w", err)
	}
	chosen := app.Result()
	switch {
	case chosen.Action == tui.Attach:
	case s.gate.ended():
		return nil, errNoInput
	default:
		return nil, nil
	}
	s.studied = tui.Place{CourseID: chosen.Choice.CourseID, Stage: chosen.Choice.Stage}
	return ready, nil
}

// forPicker bounds what the picker draws on, whatever the terminal has: its
// lists need no more, and each cell costs some 300 bytes.
func forPicker(size sandbox.Size) sandbox.Size {
	return sandbox.Size{Cols: min(size.Cols, 160), Rows: min(size.Rows, 50)}
}

// framesPerSecond of the picker: enough to feel immediate, and cheap.
const framesPerSecond = 30

// show runs a screen on the terminal until it quits. What is typed from then on
// waits for whoever reads next.
func (s *session) show(screen tea.Model, size sandbox.Size, newer <-chan sandbox.Size) error {
	input := s.gate.open()
	environ := s.terminalEnviron()
	var terminal io.Writer = s.channel
	if s.keepsScreen() {
		terminal = during{s.ctx, s.channel}
	}
	var program *tea.Program
	answers := awaitAnswers(func() { program.Quit() })
	defer answers.stop()
	program = tea.NewProgram(asking{screen},
		tea.WithContext(s.ctx),
		tea.WithInput(strings.NewReader("")), // the keyboard brings the keys
		tea.WithOutput(lineFeeds{terminal}),
		tea.WithEnvironment(environ),
		tea.WithColorProfile(colorprofile.Env(environ)),
		tea.WithWindowSize(size.Cols, size.Rows),
		tea.WithFPS(framesPerSecond),
		tea.WithoutSignalHandler(),
		tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg {
			msg = answers.filter(msg)
			if _, quits := msg.(tea.QuitMsg); quits {
				_ = input.Close()
			}
			return msg
		}),
	)
	keyboard := listen(input, s.term, program.Send, func() {
		if s.gate.ended() {
			program.Quit()
		}
	})
	done, resizing := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(resizing)
		for {
			select {
			case size := <-newer:
				size = forPicker(size)
				program.Send(tea.WindowSizeMsg{Width: size.Cols, Height: size.Rows})
			case <-done:
				return
			}
		}
	}()
	_, err := program.Run()
	_ = input.Close()
	keyboard.wait()
	close(done)
	<-resizing
	return err
}

// start makes the chosen sandbox ready.
func (s *session) start(ctx context.Context, c tui.Choice, report func(tui.Phase)) (sandbox.Sandbox, error) {
	running, ok, err := s.server.lifecycle.Find(ctx, s.who.Login)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Resume && ok:
		return running, nil
	case c.Resume:
		return nil, errors.New("that session has ended meanwhile; choose a stage to start a new one")
	case c.Replace && ok:
		if err := s.server.begins(); err != nil {
			return nil, err
		}
		if reason, closed := s.server.lifecycle.Door(); closed { // no other would follow
			return nil, &sandbox.Unavailable{Reason: reason}
		}
		report(tui.Phase{Name: "Ending the other session"})
		if err := running.Kill(ctx, replaced); err != nil {
			return nil, err
		}
		s.recordReplaced(running)
	}
	chosen, ok := s.server.Courses.ByID(c.CourseID)
	if !ok || c.Stage < 1 || c.Stage > len(chosen.Stages) {
		return nil, errors.New("that stage is not there any more; choose another")
	}
	return s.acquire(ctx, chosen, c.Stage, func(p sandbox.Phase) { report(inWords(p)) })
}

// acquire gets the learner of this session a sandbox.
func (s *session) acquire(ctx context.Context, c course.Course, stage int, report func(sandbox.Phase)) (sandbox.Sandbox, error) {
	sb, fresh, err := s.server.acquire(ctx, wanted{who: s.who, remote: s.remote, course: c, stage: stage, environ: s.terminalEnviron()}, report)
	if fresh {
		s.made = sb.Made().Session
	}
	return sb, err
}
