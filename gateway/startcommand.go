package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"lectern/course"
	"lectern/sandbox"
	"lectern/tui"
)

// startCommand goes straight into a stage, and on to the picker from there.
func (s *session) startCommand(status *int) *cobra.Command {
	return &cobra.Command{
		Use: "start COURSE [STAGE]", Short: "Start a stage, the first open one by default (needs ssh -t)",
		Annotations: map[string]string{usageLine: "ssh -t " + s.user + "@HOST start COURSE [STAGE]"},
		Args:        func(cmd *cobra.Command, args []string) error { return oneCourse(cmd, args[:min(1, len(args))]) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if asked, err := cmd.Flags().GetBool("json"); err != nil || asked {
				return errors.New("start opens a tutor on your terminal and has no JSON")
			}
			if !s.hasPTY {
				return fmt.Errorf("start needs a terminal: connect with ssh -t %s@HOST start %s", s.user, strings.Join(args, " "))
			}
			c, err := s.server.Courses.Find(args[0])
			if err != nil {
				return err
			}
			stage, err := s.chooseStage(c, args[1:])
			if err != nil {
				return err
			}
			sb, err := s.await(cmd.Context(), c, stage)
			if err != nil {
				return err
			}
			s.studied = tui.Place{CourseID: c.ID, Stage: stage}
			*status = s.loop(tui.Notice{}, sb, 0)
			return nil
		},
	}
}

// chooseStage is the stage that was asked for, or the first that is open.
func (s *session) chooseStage(c course.Course, args []string) (int, error) {
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 1 || n > len(c.Stages) {
			return 0, fmt.Errorf("%s has stages 1 to %d, and %q is none of them", c.ID, len(c.Stages), clean(args[0]))
		}
		return n, nil
	}
	return s.server.firstOpen(s.who.Login, c)
}

// firstOpen is where a learner goes on in a course.
func (s *Server) firstOpen(login string, c course.Course) (int, error) {
	records, err := s.Progress.Course(login, c.ID)
	if err != nil {
		return 0, err
	}
	for _, stage := range c.Stages {
		if course.StageState(stage.Number, doneIn(records), s.Unlock) == course.Open {
			return stage.Number, nil
		}
	}
	return 1, nil // all done: begin again
}

// await gets the learner a sandbox and tells them what they wait for.
func (s *session) await(ctx context.Context, c course.Course, stage int) (sb sandbox.Sandbox, err error) {
	// A client that takes no lines must not keep its place in the queue for it.
	lines := newTeller(s.say)
	defer lines.close()
	if s.server.Recorder != nil {
		lines.tell(isRecorded)
	}
	err = s.unlessInterrupted(ctx, func(ctx context.Context) (err error) {
		sb, err = s.acquire(ctx, c, stage, phaseLines(lines.tell))
		return err
	})
	return sb, err
}

var errCancelled = errors.New("the start was cancelled")

// unlessInterrupted makes a call whose context ends when the learner types
// Ctrl-C, or their input ends. All else that they type is for the tutor.
func (s *session) unlessInterrupted(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var watching sync.WaitGroup
	defer watching.Wait()
	turn := s.gate.open()
	defer func() { _ = turn.Close() }()
	watching.Go(func() {
		if turn.interrupted() {
			cancel(errCancelled)
		}
	})
	err := call(ctx)
	// Whoever has cancelled wants out, even where the call succeeded meanwhile;
	// what kept it from succeeding anyhow says more.
	if errors.Is(context.Cause(ctx), errCancelled) && (err == nil || errors.Is(err, context.Canceled)) {
		return errCancelled
	}
	return err
}

// phaseLines tells the phases of a wait, one below the other.
func phaseLines(tell func(line string)) func(sandbox.Phase) {
	last := ""
	return func(p sandbox.Phase) {
		line := inWords(p).Name
		if p.Position > 0 {
			line = fmt.Sprintf("%s: you are number %d of %d", line, p.Position, p.Length)
		}
		if line != last && p.Kind != sandbox.Ready {
			last = line
			tell(line + "…")
		}
	}
}
