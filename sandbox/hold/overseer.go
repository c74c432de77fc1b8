package hold

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"lectern/sandbox"
)

// Status is what a holder tells its supervisors.
type Status struct {
	Epoch      int       `json:"epoch"`
	Started    time.Time `json:"started"`
	Expires    time.Time `json:"expires"`
	Attached   bool      `json:"attached"`
	DetachedAt time.Time `json:"detached_at,omitzero"`
	LastInput  time.Time `json:"last_input"`
	// Watched are the names of those who look on.
	Watched []string `json:"watched,omitempty"`
	// Alone is how long DetachedAt is ago, by a clock that nobody sets.
	Alone time.Duration `json:"alone,omitzero"`
	// Stopping is set once the tutor was asked to leave: how it will have ended.
	Stopping *sandbox.Exit `json:"stopping,omitempty"`
	// Delivered tells that the course is there. Fault is why it could not be
	// taken, in the answer to a delivery that failed.
	Delivered bool   `json:"delivered"`
	Fault     string `json:"fault,omitempty"`
}

// mostNamed is how many watchers a gateway hears of.
const mostNamed = 32

// parseStatus reads what a sandbox says is true. Whoever has tampered with it may
// have written that, and the names come to an admin's terminal.
func parseStatus(data []byte) (s Status, err error) {
	if err := json.Unmarshal(data, &s); err != nil {
		return Status{}, err
	}
	s.Watched = s.Watched[:min(len(s.Watched), mostNamed)]
	for i, name := range s.Watched {
		s.Watched[i] = watcherName(name)
	}
	if s.Stopping != nil {
		exit, ok := sound(*s.Stopping)
		if !ok { // it leaves all the same
			exit = sandbox.Exit{Ending: sandbox.Stopped, Code: 1}
		}
		s.Stopping = &exit
	}
	return s, nil
}

// overseer is a gateway's connection that looks after the sandbox.
type overseer struct {
	conn    net.Conn
	answers chan Status
	news    chan struct{} // holds a token when events wait
	moved   chan struct{} // holds a token when the status has changed
	gone    chan struct{}
}

func (o *overseer) wake() { signal(o.news) }

// signal leaves a token in a channel that holds one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// moved tells the overseers that who is joined, who watches, or until when, has
// changed. It is called with the mutex held.
func (h *holder) moved() {
	for o := range h.overseers {
		signal(o.moved)
	}
}

func (h *holder) oversee(conn net.Conn) error {
	o := &overseer{conn: conn, answers: make(chan Status, 4), news: make(chan struct{}, 1), moved: make(chan struct{}, 1), gone: make(chan struct{})}
	o.wake() // events may wait from before
	signal(o.moved)
	h.mu.Lock()
	h.overseers[o] = struct{}{}
	h.mu.Unlock()
	writing := make(chan error, 1)
	go func() {
		err := o.write(h)
		farewell(conn, err)
		writing <- err
	}()
	err := h.readOverseer(o)
	h.mu.Lock()
	delete(h.overseers, o)
	h.mu.Unlock()
	close(o.gone)
	return errors.Join(err, <-writing)
}

// write sends answers, events and at last the exit.
func (o *overseer) write(h *holder) error {
	sent := make(map[string]bool)
	events := func() error {
		h.mu.Lock()
		pending := append(h.pending[:0:0], h.pending...)
		h.mu.Unlock()
		for _, m := range pending {
			if sent[m.ID] {
				continue
			}
			sent[m.ID] = true
			if err := o.send(frameEvent, m); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		select {
		case s := <-o.answers:
			if h.over() { // an answer would say that it lives
				continue
			}
			if err := o.send(frameStatus, s); err != nil {
				return err
			}
		case <-o.news:
			if err := events(); err != nil {
				return err
			}
		case <-o.moved:
			if h.over() {
				continue
			}
			if err := o.send(frameNews, h.status()); err != nil {
				return err
			}
		case <-o.gone:
			if !h.over() {
				return nil
			}
			return errors.Join(events(), o.send(frameExit, h.exit))
		case <-h.ended:
			return errors.Join(events(), o.send(frameExit, h.exit))
		}
	}
}

func (o *overseer) send(kind frameType, v any) error {
	_ = o.conn.SetWriteDeadline(time.Now().Add(stallLimit))
	return writeJSON(o.conn, kind, v)
}

func (h *holder) readOverseer(o *overseer) error {
	var buf []byte
	for {
		kind, payload, err := readFrame(o.conn, &buf)
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		if kind != frameRequest {
			return errors.New("a supervisor sent a frame of unknown type")
		}
		var r Request
		if err := json.Unmarshal(payload, &r); err != nil {
			return fmt.Errorf("read a supervisor's request: %w", err)
		}
		switch r.Operation {
		case opRecorded:
			h.recorded(r.Text)
			continue
		case opStop:
			h.stop(stopOrder{sandbox.Killed, r.Text})
		case opReap:
			h.mu.Lock()
			if h.primary == nil && h.epoch == r.Epoch {
				h.order(stopOrder{sandbox.Killed, r.Text})
			}
			h.mu.Unlock()
		case opTell:
			h.tell(r.Text)
		case opExtend:
			h.mu.Lock()
			h.expires = time.Now().Add(time.Duration(r.Seconds) * time.Second)
			h.moved()
			h.mu.Unlock()
		case opStatus:
		default:
			return fmt.Errorf("a supervisor asked for the unknown operation %q", r.Operation)
		}
		select {
		case o.answers <- h.status():
		case <-h.ended:
			return nil
		}
	}
}

// over tells whether the sandbox has ended.
func (h *holder) over() bool {
	select {
	case <-h.ended:
		return true
	default:
		return false
	}
}

func (h *holder) stop(order stopOrder) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.order(order)
}

// order has supervise stop the tutor. From then on nobody joins any more. It is
// called with the mutex held; the first order counts.
func (h *holder) order(order stopOrder) {
	if h.stopping != nil {
		return
	}
	h.stopping = &sandbox.Exit{Ending: order.ending, Code: 1, Reason: order.reason}
	h.stopped <- order // has room for the one that there is
	h.moved()
}

func (h *holder) status() Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	var alone time.Duration
	if !h.detachedAt.IsZero() {
		alone = time.Since(h.detachedAt)
	}
	return Status{
		Epoch: h.epoch, Started: h.started, Expires: h.expires,
		Attached: h.primary != nil, DetachedAt: h.detachedAt, LastInput: h.lastInput, Alone: alone,
		Watched: h.names(), Delivered: h.delivered, Stopping: h.stopping,
	}
}
