// Package tutor is the built-in tutor: it teaches one stage of a course in a
// terminal, page by page and then question by question, without a model.
//
// It runs inside the sandbox, on a terminal of its own, and may know only the
// course, the event language and its private folder. That a stage is finished
// leaves it over the [Link] and in no other way: nothing that is typed and
// nothing that is shown can be taken for it, and nothing typed is ever sent.
package tutor

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"sync"
	"syscall"

	tea "charm.land/bubbletea/v2"

	"lectern/course"
	"lectern/sandbox/event"
)

// Link is the channel to the holder around the tutor.
type Link interface {
	// Complete hands m over and blocks until it is durable, which may take
	// minutes while the network is down. It fails when ctx ends or when the
	// link breaks, and may then be called again with the same message.
	Complete(ctx context.Context, m event.Message) error
	// Notices are lines for the learner. The channel closes with the link.
	Notices() <-chan string
	// Watched says who looks at the learner's screen from now on, as "grace
	// watches"; empty is nobody. The channel closes with the link.
	Watched() <-chan string
	// Close ends the link and waits for all that it has started.
	Close() error
}

// Options say what is taught, and where.
type Options struct {
	Course course.Course
	// Stage is the number of the stage that is taught; it counts from 1.
	Stage int
	// StateDir is the private folder in which the learner's place is kept. It
	// is made where it does not exist. Empty: the place is not kept.
	StateDir string
	// Link is nil where the tutor runs by hand. Run does not close it.
	Link Link
	// Environ is the environment that describes the terminal, in the form of
	// os.Environ; nil stands for the process's own.
	Environ []string
}

// framesPerSecond is enough for reading and half of what Bubble Tea spends.
const framesPerSecond = 30

// Run teaches until the learner leaves or has finished; both are no error. It
// also returns nil, with the place kept, when ctx ends or the process is told
// to end (SIGTERM, SIGHUP, SIGINT). An error means that the stage does not
// exist or that the terminal could not be used.
func Run(ctx context.Context, o Options, in io.Reader, out io.Writer) error {
	m, err := NewModel(o)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	defer stop()

	options := []tea.ProgramOption{
		tea.WithInput(in), tea.WithOutput(out),
		tea.WithFPS(framesPerSecond), tea.WithoutSignalHandler(),
	}
	if o.Environ != nil {
		options = append(options, tea.WithEnvironment(o.Environ))
	}
	p := tea.NewProgram(m, options...)

	work, done := context.WithCancel(ctx)
	var crew sync.WaitGroup
	crew.Go(func() { <-work.Done(); p.Quit() })
	if o.Link != nil {
		crew.Go(func() { hear(work, o.Link.Notices(), func(text string) { p.Send(noticeMsg(text)) }) })
		crew.Go(func() { hear(work, o.Link.Watched(), func(text string) { p.Send(watchedMsg(text)) }) })
		crew.Go(func() { deliver(work, o.Link, m.outbox, p.Send) })
	}
	_, err = p.Run()
	done()
	crew.Wait()

	if keepErr := m.keep(); err == nil && keepErr != nil {
		err = keepErr
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("show the lesson on this terminal: %w", err)
	}
	return nil
}

// hear passes lines on until there are no more.
func hear(ctx context.Context, lines <-chan string, pass func(string)) {
	for {
		select {
		case <-ctx.Done():
			return
		case text, ok := <-lines:
			if !ok {
				return
			}
			pass(text)
		}
	}
}

// deliver hands results over, one at a time, and says how each of them ended.
func deliver(ctx context.Context, link Link, outbox <-chan event.Message, send func(tea.Msg)) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-outbox:
			err := link.Complete(ctx, m)
			if ctx.Err() != nil {
				return
			}
			send(deliveredMsg{id: m.ID, err: err})
		}
	}
}
