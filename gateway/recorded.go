package gateway

import (
	"context"
	"fmt"
	"io"
	"sync"

	"lectern/gateway/recording"
	"lectern/sandbox"
)

// isRecorded is what a learner is told whose session is recorded.
const isRecorded = "This session is recorded."

// record records what the learner sees of a sandbox, where that is wanted, and
// tells them so as soon as they see anything. stop ends it.
func (s *session) record(sb sandbox.Sandbox, size sandbox.Size, out *markers) (stop func()) {
	if s.server.Recorder == nil {
		return func() {}
	}
	made := sb.Made()
	title := made.CourseID
	if c, ok := s.server.Courses.ByID(made.CourseID); ok {
		title = c.Title
	}
	tape := s.server.Recorder.Begin(recording.Session{
		ID: made.Session, Login: made.Login, Title: fmt.Sprintf("%s, stage %d (%s)", title, made.Stage, made.Login),
		Term: s.term, Cols: size.Cols, Rows: size.Rows,
	})
	resize := func(size sandbox.Size) { tape.Resize(size.Cols, size.Rows) }
	if newer := s.window.watch(resize); newer != size {
		resize(newer)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	var telling sync.WaitGroup
	out.w = &noticed{w: tape.Over(out.w), first: sync.OnceFunc(func() {
		telling.Go(func() { s.tellRecorded(ctx, sb) })
	})}
	return func() {
		cancel()
		s.window.watch(nil)
		tape.Close()
		telling.Wait()
	}
}

func (s *session) tellRecorded(ctx context.Context, sb sandbox.Sandbox) {
	ctx, cancel := context.WithTimeout(ctx, tellingFor)
	defer cancel()
	if err := sb.Tell(ctx, isRecorded); err != nil && ctx.Err() == nil {
		s.server.log.Warn("could not tell a learner that their session is recorded", "login", s.who.Login, "error", err)
	}
}

// noticed is a terminal of which it is noticed that something is shown on it.
type noticed struct {
	w     io.Writer
	first func() // is called with each output
}

func (n *noticed) Write(p []byte) (int, error) {
	written, err := n.w.Write(p)
	n.first()
	return written, err
}
