package recording

import (
	"io"
	"sync"
	"time"
)

// Tape records one terminal that is joined to a session. A nil *Tape records
// nothing.
type Tape struct{ reel *reel }

// Over gives a writer that writes to w and records what w has taken.
func (t *Tape) Over(w io.Writer) io.Writer {
	if t == nil {
		return w
	}
	return recorded{w, t}
}

type recorded struct {
	io.Writer
	tape *Tape
}

func (r recorded) Write(p []byte) (int, error) {
	n, err := r.Writer.Write(p)
	if n > 0 {
		r.tape.reel.output(r.tape, p[:n])
	}
	return n, err
}

// Resize records a new size of the terminal.
func (t *Tape) Resize(cols, rows int) {
	if t != nil {
		t.reel.resize(t, cols, rows)
	}
}

// Close ends the recording of this terminal. It does not wait for the disk.
func (t *Tape) Close() {
	if t != nil {
		t.reel.let(t)
	}
}

// event is something to record that is not on the disk yet.
type event struct {
	at   time.Time
	code code
	data []byte // of output
	cols int    // of a size
	rows int
	text string // of a marker
	cut  bool   // what came before does not go on: it is of another terminal
}

const (
	// maxPending bounds what waits for the disk. It is much, since a terminal that
	// prints a large file has as much in a fifth of a second.
	maxPending = 4 << 20
	// eventSize is what an event takes besides its output.
	eventSize = 128
	// maxOutput bounds the output in one event.
	maxOutput = 16 << 10
	// together is within which time output is one event.
	together = 5 * time.Millisecond
)

// reel is the file of one session while something of it is to be written. Of
// the terminals that are joined to a session the newest is recorded, which is
// the one that has it.
type reel struct {
	recorder *Recorder

	mu      sync.Mutex
	session Session // with the size of the newest terminal
	holder  *Tape   // who records; nil: nobody, and run ends
	pending []event
	bytes   int           // what pending takes
	stopped bool          // nothing more is taken
	wake    chan struct{} // holds a token when there is something to do
}

func newReel(r *Recorder, s Session) *reel {
	return &reel{recorder: r, session: s, wake: make(chan struct{}, 1)}
}

func (r *reel) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// begin makes a tape the one that records.
func (r *reel) begin(t *Tape, s Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holder, r.session = t, s
	r.add(event{code: resized, cols: s.Cols, rows: s.Rows, cut: true})
}

// let ends the turn of a tape, or with nil of any.
func (r *reel) let(t *Tape) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t == nil || r.holder == t {
		r.holder = nil
		r.rouse()
	}
}

func (r *reel) resize(t *Tape, cols, rows int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holder == t {
		r.add(event{code: resized, cols: cols, rows: rows})
	}
}

func (r *reel) output(t *Tape, p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(p) > 0 && r.holder == t {
		n := min(len(p), maxOutput)
		r.add(event{code: printed, data: p[:n]})
		p = p[n:]
	}
}

// add keeps an event, with a copy of its output, for run. Where the disk has
// fallen too far behind, it takes nothing more, and the recording says so at
// its end. The caller holds mu.
func (r *reel) add(e event) {
	if r.stopped {
		return
	}
	e.at = r.recorder.Now()
	defer r.rouse()
	if n := len(r.pending); n > 0 && e.code == printed && r.bytes+len(e.data) <= maxPending {
		if last := &r.pending[n-1]; last.code == printed && len(last.data)+len(e.data) <= maxOutput && e.at.Sub(last.at) < together {
			last.data = append(last.data, e.data...)
			r.bytes += len(e.data)
			return
		}
	}
	if r.bytes += eventSize + len(e.data); r.bytes > maxPending {
		e = event{at: e.at, code: marked, text: tooSlow}
		r.stop("the disk is too slow", nil)
	}
	e.data = append([]byte(nil), e.data...)
	r.pending = append(r.pending, e)
}

// stop takes nothing more. The caller holds mu.
func (r *reel) stop(why string, err error) {
	if !r.stopped {
		r.recorder.Log.Warn("a recording stops, and its session goes on", "login", r.session.Login, "session", r.session.ID, "reason", why, "error", err)
		r.stopped = true
	}
}

// giveUp takes nothing more, and drops what waits.
func (r *reel) giveUp(why string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop(why, err)
	r.pending = nil
}

// take gives what is to be written. Where nothing is and nobody holds the reel,
// it is idle, and whoever comes next has another try.
func (r *reel) take() (events []event, of Session, idle bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	events, r.pending, r.bytes = r.pending, nil, 0
	if idle = r.holder == nil && len(events) == 0; idle {
		r.stopped = false
	}
	return events, r.session, idle
}

// ended gives the reel up, unless somebody has come meanwhile.
func (r *reel) ended() bool {
	r.recorder.mu.Lock() // so that nobody begins on a reel that ends
	defer r.recorder.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holder != nil || len(r.pending) > 0 {
		return false
	}
	delete(r.recorder.reels, r.session.ID)
	return true
}

// run writes until nobody holds the reel any more.
func (r *reel) run() {
	var out *cast
	for range r.wake {
		events, session, idle := r.take()
		if idle {
			out.close() // before another reel may open the file
			out = nil
			if r.ended() {
				return
			}
		}
		if len(events) == 0 {
			continue
		}
		r.rouse() // there may be nobody any more
		var err error
		if out == nil {
			out, err = r.recorder.openCast(session, events[0].at)
		}
		if err == nil {
			err = out.write(events)
		}
		if err != nil {
			r.giveUp(reasonOf(err), err)
		}
	}
}
