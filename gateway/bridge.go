package gateway

import (
	"context"
	"io"
	"time"

	"lectern/sandbox"
	"lectern/sandbox/hold"
)

const (
	// rejoinFor is how long a lost way to a sandbox is looked for anew before
	// the learner is brought back to the picker.
	rejoinFor = 30 * time.Second
	// rejoinPause is the time between two looks.
	rejoinPause = 500 * time.Millisecond
)

// stay is a terminal's time in a sandbox, over all the ways to it.
type stay struct {
	epoch     int  // to go on from; 0: of none
	returning bool // it is the learner's client that goes on
	how       joining
	began     bool // it was let in
}

// bridge hands the terminal to the sandbox until that ends or lets go. A way
// to it that breaks off while it lives, as when an API server restarts, is
// mended without the learner's doing, unless another connection of theirs has
// the terminal by then. The epoch is of the connection from which the learner's
// client comes back; 0: of none.
func (s *session) bridge(sb sandbox.Sandbox, epoch int) (sandbox.Exit, error) {
	defer s.shows(inSandbox)()
	st := &stay{epoch: epoch, returning: epoch > 0, how: s.joining(sb)}
	var lost time.Time
	for {
		joined := time.Now()
		exit, err := s.attach(sb, st)
		if err == nil && exit.Ending == sandbox.TakenOver && st.began {
			s.server.metrics.takeovers.Inc()
		}
		if err != nil || exit.Ending != sandbox.Lost || s.ctx.Err() != nil {
			return exit, err
		}
		if lost.IsZero() || time.Since(joined) > rejoinFor {
			lost = time.Now()
		}
		_, _ = io.WriteString(s.channel, hold.Reset+"\x1b[2J\x1b[HThe connection to your sandbox was lost. Going back in, one moment.\r\n")
		again, ok := s.findAgain(lost.Add(rejoinFor))
		if !ok || again.Made().Session != sb.Made().Session {
			return exit, nil
		}
		sb = again
		if st.began { // the client knows of this connection alone, so it is we who go on
			st.how, st.returning = mended, false
		}
	}
}

// attach goes one way to the sandbox. What is told, recorded and counted of that
// begins once the terminal is let in.
func (s *session) attach(sb sandbox.Sandbox, st *stay) (sandbox.Exit, error) {
	size, newer, stop := s.window.follow()
	defer stop()
	out := s.withMarkers(sb.Made().CourseID)
	stopRecording := func() {}
	defer func() { stopRecording() }()
	defer out.close()
	in, measured := s.server.metrics.measured(s.gate.open(), out)
	joined, left := s.joins(sb)
	exit, err := sb.Attach(s.ctx, sandbox.Control, sandbox.Terminal{
		In: in, Out: measured, Size: size, Resizes: newer, Epoch: st.epoch, Returning: st.returning,
		Joined: func(epoch int) {
			st.epoch, st.began = epoch, true
			joined()
			s.server.metrics.attaches.count(st.how)
			stopRecording = s.record(sb, size, out)
			s.tellJoined(sb.Made(), epoch, st.how)
		},
	})
	left(exit, err)
	return exit, err
}

// joining tells whether the sandbox was made for this, or the learner comes
// back to it.
func (s *session) joining(sb sandbox.Sandbox) joining {
	if s.made == sb.Made().Session {
		s.made = ""
		return firstJoin
	}
	return joinedAgain
}

// findAgain looks for the learner's sandbox until it answers, is no more, or
// deadline has passed.
func (s *session) findAgain(deadline time.Time) (sandbox.Sandbox, bool) {
	ctx, cancel := context.WithDeadline(s.ctx, deadline)
	defer cancel()
	for {
		sb, ok, err := s.server.lifecycle.Find(ctx, s.who.Login)
		if err == nil && !ok {
			return nil, false
		}
		// Nothing tells when a way is free again, so this asks now and then.
		select {
		case <-time.After(rejoinPause):
		case <-ctx.Done():
			return nil, false
		}
		if ok {
			return sb, true
		}
	}
}

// stillRunning looks whether a learner whose terminal was lost has a sandbox.
func (s *session) stillRunning() bool {
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Second)
	defer cancel()
	_, ok, err := s.server.lifecycle.Find(ctx, s.who.Login)
	return err == nil && ok
}
