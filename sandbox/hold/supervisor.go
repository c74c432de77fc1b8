package hold

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"lectern/sandbox"
	"lectern/sandbox/event"
)

// Supervisor is a gateway's connection to a holder. Its methods may be called
// from several goroutines.
type Supervisor struct {
	conn     net.Conn
	hear     Hear
	requests chan request
	quit     chan struct{}
	closing  sync.Once
	finished chan struct{}
	exit     sandbox.Exit
	err      error
}

type request struct {
	Request
	answer chan Status
}

// Hear is what a supervisor listens to. Its functions are called from one
// goroutine.
type Hear struct {
	// Completed is called for every stage that the tutor reports; where it
	// returns an error the report stays pending and comes again on the next
	// connection.
	Completed func(event.Message) error
	// Changed is called, first at once, whenever a terminal has joined or left, a
	// watcher has come or gone, the end of life has moved, and now and then while
	// the learner types. It may be nil.
	Changed func(Status)
}

// Oversee joins as a supervisor over conn, which Close closes.
func Oversee(conn net.Conn, hear Hear) (*Supervisor, error) {
	if err := sayHello(conn, Hello{Mode: Supervise}); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("reach the sandbox: %w", err)
	}
	s := &Supervisor{
		conn:     conn,
		hear:     hear,
		requests: make(chan request),
		quit:     make(chan struct{}),
		finished: make(chan struct{}),
	}
	go s.run()
	return s, nil
}

type incoming struct {
	kind    frameType
	payload []byte
	err     error
}

// run owns the connection: it reads in one more goroutine and writes itself.
func (s *Supervisor) run() {
	defer close(s.finished)
	frames := make(chan incoming)
	stop, read := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(read)
		for {
			var buf []byte
			kind, payload, err := readFrame(s.conn, &buf)
			select {
			case frames <- incoming{kind, payload, err}:
			case <-stop:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	defer func() {
		close(stop)
		_ = s.conn.Close()
		<-read
	}()
	var waiting []chan Status
	for {
		select {
		case <-s.quit:
			s.err = net.ErrClosed
			return
		case r := <-s.requests:
			if s.err = s.write(r.Request); s.err != nil {
				return
			}
			waiting = append(waiting, r.answer)
		case f := <-frames:
			if s.err = f.err; s.err != nil {
				return
			}
			switch f.kind {
			case frameExit:
				var ok bool
				if s.exit, ok = ParseExit(f.payload); !ok {
					s.err = errors.New("the sandbox says something else than how it has ended")
				}
				return
			case frameStatus:
				var status Status
				if status, s.err = parseStatus(f.payload); s.err != nil {
					return
				}
				if len(waiting) > 0 {
					waiting[0] <- status
					waiting = waiting[1:]
				}
			case frameNews:
				if status, err := parseStatus(f.payload); err == nil && s.hear.Changed != nil {
					s.hear.Changed(status)
				}
			case frameEvent:
				var m event.Message
				if json.Unmarshal(f.payload, &m) == nil && s.hear.Completed(m) == nil {
					_ = s.write(Request{Operation: opRecorded, Text: m.ID})
				}
			}
		}
	}
}

func (s *Supervisor) write(r Request) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(stallLimit))
	return writeJSON(s.conn, frameRequest, r)
}

func (s *Supervisor) ask(ctx context.Context, r Request) (Status, error) {
	answer := make(chan Status, 1)
	select {
	case s.requests <- request{r, answer}:
	case <-s.finished:
		return Status{}, s.gone()
	case <-ctx.Done():
		return Status{}, ctx.Err()
	}
	select {
	case status := <-answer:
		return status, nil
	case <-s.finished:
		return Status{}, s.gone()
	case <-ctx.Done():
		return Status{}, ctx.Err()
	}
}

func (s *Supervisor) gone() error {
	if s.exit.Ending != "" {
		return sandbox.ErrGone
	}
	return fmt.Errorf("%w (%w)", sandbox.ErrGone, s.err)
}

// Status asks for what is true now.
func (s *Supervisor) Status(ctx context.Context) (Status, error) {
	return s.ask(ctx, Request{Operation: opStatus})
}

// Stop asks the holder to end the tutor; Done tells when it has.
func (s *Supervisor) Stop(ctx context.Context, reason string) error {
	_, err := s.ask(ctx, Request{Operation: opStop, Text: line(reason)})
	return err
}

// Reap asks the holder to end a tutor that nobody has joined since the given
// epoch; where somebody has, it does nothing. The Status tells which.
func (s *Supervisor) Reap(ctx context.Context, epoch int, reason string) (Status, error) {
	return s.ask(ctx, Request{Operation: opReap, Epoch: epoch, Text: line(reason)})
}

// Extend moves the end of life to d from now, in whole seconds and one at least.
func (s *Supervisor) Extend(ctx context.Context, d time.Duration) error {
	_, err := s.ask(ctx, Request{Operation: opExtend, Seconds: max(1, int64(d/time.Second))})
	return err
}

// Tell shows the learner one line, which it makes of any text, now or when they
// come back.
func (s *Supervisor) Tell(ctx context.Context, text string) error {
	_, err := s.ask(ctx, Request{Operation: opTell, Text: line(text)})
	return err
}

// Done is closed when the sandbox has ended or the connection is lost.
func (s *Supervisor) Done() <-chan struct{} { return s.finished }

// Exit is how the sandbox ended; ok is false while it runs, and where the
// connection was lost without a word. It is valid once Done is closed.
func (s *Supervisor) Exit() (exit sandbox.Exit, ok bool) {
	return s.exit, s.exit.Ending != ""
}

// Close leaves the sandbox as it is and waits for the connection's goroutines.
func (s *Supervisor) Close() {
	s.closing.Do(func() { close(s.quit) })
	<-s.finished
}
