package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"lectern/sandbox"
	"lectern/sandbox/event"
	"lectern/sandbox/hold"
)

// jail is one live sandbox.
type jail struct {
	backend *Backend
	name    string
	record  record
}

// errNotMine keeps an event pending for the one who records it.
var errNotMine = errors.New("only Watch records events")

func ignoreEvents(event.Message) error { return errNotMine }

const (
	// promptLimit is how long a holder may take to answer until it counts as
	// silent; answerLimit, where its answer decides over its life.
	promptLimit = time.Second
	answerLimit = 8 * time.Second
	// killLimit, which is within answerLimit, is how long it may take to end
	// its tutor before the sandbox is ended by force.
	killLimit = 6 * time.Second
)

// ask connects to the holder for one question.
func (j *jail) ask(ctx context.Context, question func(context.Context, *hold.Supervisor) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	s, err := j.supervise(ctx, ignoreEvents)
	if err != nil {
		return err
	}
	defer s.Close()
	return question(ctx, s)
}

// Made tells what the sandbox was made for.
func (j *jail) Made() sandbox.Info {
	return sandbox.Info{
		Session: j.record.Session, Login: j.record.Login, CourseID: j.record.CourseID, Stage: j.record.Stage,
		AsksModel: !j.record.Until.IsZero(),
	}
}

// Info asks the holder what is true now.
func (j *jail) Info(ctx context.Context) (sandbox.Info, error) {
	prompt, cancel := context.WithTimeout(ctx, promptLimit)
	defer cancel()
	var status hold.Status
	err := j.ask(prompt, func(ctx context.Context, s *hold.Supervisor) (err error) {
		status, err = s.Status(ctx)
		if err == nil && status.Stopping != nil {
			err = sandbox.ErrGone
		}
		return err
	})
	info := j.info(status)
	if err != nil && !errors.Is(err, sandbox.ErrGone) && ctx.Err() == nil {
		info.Silent, info.Epoch = true, sandbox.NoEpoch
	}
	return info, err
}

func (j *jail) info(s hold.Status) sandbox.Info {
	info := j.Made()
	info.Started, info.Epoch, info.Expires = j.record.Started, s.Epoch, s.Expires
	info.Attached, info.DetachedAt, info.Alone, info.LastInput = s.Attached, s.DetachedAt, s.Alone, s.LastInput
	info.Place, info.Watched = j.backend.host, s.Watched
	return info
}

// dial connects to the holder of this sandbox and of no other: the name, and so
// the socket's path, is the learner's next sandbox's too. The record of this one
// goes before the socket of the next comes.
func (j *jail) dial(ctx context.Context) (net.Conn, error) {
	conn, err := hold.Dial(ctx, j.backend.socket(j.name))
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrGone, err)
	}
	if err != nil {
		return nil, fmt.Errorf("reach the sandbox: %w", err)
	}
	if !j.recorded() {
		_ = conn.Close()
		return nil, sandbox.ErrGone
	}
	return conn, nil
}

// recorded tells whether the record on disk is this sandbox's. It is cleared
// away before another sandbox of the name is made.
func (j *jail) recorded() bool {
	r, err := readRecord(j.backend.path(j.name))
	return err == nil && r.Session == j.record.Session
}

// alive tells whether any process of this sandbox is there.
func (j *jail) alive() bool { return j.backend.alive(j.name) && j.recorded() }

// supervise connects to a sandbox as one that looks after it.
func (j *jail) supervise(ctx context.Context, completed func(event.Message) error) (*hold.Supervisor, error) {
	conn, err := j.dial(ctx)
	if err != nil {
		return nil, err
	}
	return hold.Oversee(conn, hold.Hear{Completed: completed})
}

// Attach joins the tutor's terminal.
func (j *jail) Attach(ctx context.Context, mode sandbox.AttachMode, t sandbox.Terminal) (sandbox.Exit, error) {
	conn, err := j.dial(ctx)
	if err != nil {
		_ = t.In.Close()
		return sandbox.Exit{}, fmt.Errorf("join the sandbox: %w", err)
	}
	return hold.Attach(ctx, conn, mode, t)
}

// Kill ends the sandbox and returns once nothing of it runs any more.
func (j *jail) Kill(ctx context.Context, reason string) error {
	_ = j.ask(ctx, func(ctx context.Context, s *hold.Supervisor) error {
		if err := s.Stop(ctx, reason); err != nil {
			return err
		}
		select {
		case <-s.Done():
		case <-time.After(killLimit):
		case <-ctx.Done():
		}
		return nil
	})
	// The lock tells when the last process is gone; a holder that was asked
	// needs a moment for that, one that hangs is not waited for again.
	force := time.NewTimer(time.Second)
	defer force.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for j.alive() {
		select {
		case <-force.C:
			j.force()
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("end the sandbox: %w", ctx.Err())
		}
	}
	if !j.recorded() { // cleared away by who made the next one
		return nil
	}
	// The record stays for Watch, which tells how it ended.
	return j.backend.clearEnded(ctx, j.name, j.backend.settle)
}

// force ends the sandbox's first processes. In a jail the kernel then ends the
// rest, since one of them is the first of its process namespace; without a
// jail the tutor gets the hang-up of its terminal.
func (j *jail) force() {
	for _, pid := range j.record.PIDs {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// Reap ends the sandbox unless somebody has joined it since epoch. The holder
// decides; one that does not answer is ended by force.
func (j *jail) Reap(ctx context.Context, epoch int, reason string) error {
	err := j.ask(ctx, func(ctx context.Context, s *hold.Supervisor) error {
		status, err := s.Reap(ctx, epoch, reason)
		if err == nil && status.Stopping == nil {
			err = sandbox.ErrJoined
		}
		return err
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && j.alive() {
		j.backend.opts.Log.Warn("a sandbox does not answer and is ended by force", "login", j.record.Login, "session", j.record.Session)
		j.force()
		return nil
	}
	return err
}

// Extend moves the end of its life to d from now, as far as its tutor has a model
// or could have one.
func (j *jail) Extend(ctx context.Context, d time.Duration) error {
	latest := j.record.Until
	if latest.IsZero() {
		latest = j.record.Started.Add(j.backend.opts.Life + sandbox.Overtime)
	}
	if err := sandbox.CheckExtension(d, time.Until(latest)); err != nil {
		return err
	}
	return j.ask(ctx, func(ctx context.Context, s *hold.Supervisor) error { return s.Extend(ctx, d) })
}

// Tell shows the learner one line.
func (j *jail) Tell(ctx context.Context, text string) error {
	return j.ask(ctx, func(ctx context.Context, s *hold.Supervisor) error { return s.Tell(ctx, text) })
}

// dismiss asks a holder to end that has no record, and so is no jail's.
func (b *Backend) dismiss(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, promptLimit)
	defer cancel()
	conn, err := hold.Dial(ctx, b.socket(name))
	if err != nil {
		return
	}
	s, err := hold.Oversee(conn, hold.Hear{Completed: ignoreEvents})
	if err != nil {
		return
	}
	defer s.Close()
	b.opts.Log.Warn("a sandbox without a record is ended", "name", name)
	_ = s.Stop(ctx, "The session was lost. What you have done is kept: choose the stage again to go on.")
}
