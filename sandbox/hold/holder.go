package hold

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"lectern/sandbox"
	"lectern/sandbox/event"
)

// Options is what a holder is started with.
type Options struct {
	// Listener is the Unix socket on which terminals and supervisors join.
	Listener net.Listener
	// Command is the tutor's argv; Environ its whole environment; Dir its
	// working directory.
	Command []string
	Environ []string
	Dir     string
	// Life is how long the sandbox lives, from now.
	Life time.Duration
	// Idle ends the sandbox when a joined learner has not typed for so long; 0
	// is never.
	Idle time.Duration
	// Stop is how long the tutor may take to leave after SIGTERM.
	Stop time.Duration
	// OwnNotices is set where the tutor shows notices itself, on its event
	// link. Otherwise they are put into the window's title, with a bell.
	OwnNotices bool
	// Course is the folder into which the course is delivered before the tutor
	// may start; empty where it is there from the start.
	Course string
	Log    *slog.Logger
}

// warnings are sent when so much of life is left.
var warnings = []time.Duration{10 * time.Minute, time.Minute}

// stallLimit is how long the tutor waits for a terminal that takes none of its
// output before that terminal is dropped.
const stallLimit = 10 * time.Second

// holder is one tutor and those who have joined it. The mutex guards the
// fields below it and is never held over I/O.
type holder struct {
	opts    Options
	tutor   *tutor
	clients sync.WaitGroup
	ended   chan struct{} // closed once exit is set
	drawn   chan struct{} // holds a token after each output, for the nudge
	stopped chan stopOrder
	courier chan struct{} // has room for the one who delivers

	mu         sync.Mutex
	screen     *screen
	size       sandbox.Size
	primary    *terminal
	watchers   map[*terminal]struct{}
	pending    []event.Message // completed, not yet recorded
	overseers  map[*overseer]struct{}
	epoch      int
	started    time.Time
	expires    time.Time
	detachedAt time.Time
	lastInput  time.Time
	notice     string // waits for the output to settle
	delivered  bool   // the course is there
	exit       *sandbox.Exit
}

type stopOrder struct {
	ending sandbox.Ending
	reason string
}

// Run holds one tutor until it ends, and returns how. When ctx ends, the tutor
// is stopped. Run returns after everything it started has ended.
func Run(ctx context.Context, opts Options) (sandbox.Exit, error) {
	if opts.Stop == 0 {
		opts.Stop = 3 * time.Second
	}
	now := time.Now()
	h := &holder{
		opts:       opts,
		ended:      make(chan struct{}),
		drawn:      make(chan struct{}, 1),
		stopped:    make(chan stopOrder, 1),
		courier:    make(chan struct{}, 1),
		delivered:  opts.Course == "",
		screen:     newScreen(),
		size:       sandbox.Size{}.Clamp(),
		watchers:   make(map[*terminal]struct{}),
		overseers:  make(map[*overseer]struct{}),
		started:    now,
		expires:    now.Add(opts.Life),
		detachedAt: now,
		lastInput:  now,
	}
	t, err := prepareTutor(opts)
	if err != nil {
		return sandbox.Exit{}, err
	}
	h.tutor = t
	defer t.close()

	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		h.accept()
	}()
	exit := h.supervise(ctx)

	h.mu.Lock()
	h.exit = &exit
	close(h.ended)
	h.mu.Unlock()
	_ = opts.Listener.Close()
	<-accepting
	h.clients.Wait()
	return exit, nil
}

// supervise waits for the tutor's end and runs the clocks meanwhile.
func (h *holder) supervise(ctx context.Context) sandbox.Exit {
	output := make(chan struct{})
	go func() {
		defer close(output)
		h.pump()
	}()
	messages := make(chan struct{})
	go func() {
		defer close(messages)
		h.tutor.readEvents(h.completed)
	}()
	clock := time.NewTimer(0)
	defer clock.Stop()
	warned := len(warnings)
	for i, w := range warnings { // those longer than the whole life are moot
		if h.opts.Life > w {
			warned = i
			break
		}
	}
	var order *stopOrder
	stop := func(o stopOrder) {
		if order == nil {
			order = &o
			h.tutor.stop(h.opts.Stop)
		}
	}
	for {
		select {
		case <-h.tutor.exited():
			exit := h.tutor.exit()
			h.tutor.killRest()
			// What the tutor said last is still in the terminal's buffer.
			<-output
			h.tutor.closeEvents()
			<-messages
			if order != nil {
				exit.Ending, exit.Reason = order.ending, order.reason
			}
			return exit
		case <-ctx.Done():
			stop(stopOrder{sandbox.Killed, "The sandbox was asked to stop."})
			ctx = context.WithoutCancel(ctx)
		case o := <-h.stopped:
			stop(o)
		case now := <-clock.C:
			var next time.Duration
			next, warned = h.tick(now, warned, stop)
			clock.Reset(next)
		}
	}
}

// tick looks at the clocks and returns when to look again. warned counts the
// warnings given, so that each is given once; more life brings them back.
func (h *holder) tick(now time.Time, warned int, stop func(stopOrder)) (time.Duration, int) {
	h.mu.Lock()
	expires, lastInput, attached := h.expires, h.lastInput, h.primary != nil
	h.mu.Unlock()
	left := expires.Sub(now)
	if left <= 0 {
		stop(stopOrder{sandbox.LifeOver, "The session's time is over. Your place is kept: choose the stage again to go on."})
		return time.Hour, warned
	}
	for warned > 0 && left > warnings[warned-1] {
		warned--
	}
	for warned < len(warnings) && left <= warnings[warned] {
		if warned+1 == len(warnings) || left > warnings[warned+1] {
			h.tell(fmt.Sprintf("%s left in this session. Your place is kept when it ends.", inWords(warnings[warned])))
		}
		warned++
	}
	next := left
	if warned < len(warnings) {
		next = left - warnings[warned]
	}
	if h.opts.Idle > 0 && attached {
		rest := lastInput.Add(h.opts.Idle).Sub(now)
		if rest <= 0 {
			stop(stopOrder{sandbox.Idle, fmt.Sprintf("Nothing was typed for %s, so the session was ended. Your place is kept: choose the stage again to go on.", inWords(h.opts.Idle))})
			return time.Hour, warned
		}
		next = min(next, rest)
	}
	// New life and new terminals change the times: look at least so often.
	return min(max(next, 10*time.Millisecond), time.Second), warned
}

func inWords(d time.Duration) string {
	switch {
	case d == time.Minute:
		return "1 minute"
	case d%time.Minute == 0:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.String()
}

// pump takes the tutor's output to everybody who has joined. A slow terminal
// slows the tutor down, up to stallLimit; a slow watcher misses some output.
func (h *holder) pump() {
	buf := make([]byte, 32<<10)
	for {
		n, err := h.tutor.read(buf)
		if n > 0 {
			h.output(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

func (h *holder) output(p []byte) {
	h.mu.Lock()
	_, _ = h.screen.Write(p)
	data := append([]byte(nil), p...)
	if h.notice != "" && h.screen.settled() {
		data = append(data, h.notice...)
		h.notice = ""
	}
	primary := h.primary
	for w := range h.watchers {
		if !w.offer(data) {
			w.restart(h.screen.snapshot(h.size))
		}
	}
	h.mu.Unlock()
	select {
	case h.drawn <- struct{}{}:
	default:
	}
	if primary != nil && !primary.send(data, stallLimit) {
		h.opts.Log.Warn("dropped a terminal that took no output", "for", stallLimit)
		h.leave(primary)
		primary.drop()
	}
}

// tell brings one line to the learner: through the tutor where it shows
// notices itself, else in the window's title with a bell, because anything
// drawn over a foreign program's screen would stay there.
func (h *holder) tell(text string) {
	if h.opts.OwnNotices {
		h.tutor.sendEvent(event.Message{Type: event.Notice, Text: plain(text)})
		return
	}
	notice := "\x1b]2;" + plain(text) + "\x07\x07"
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.screen.settled() {
		h.notice = notice
		return
	}
	if h.primary != nil {
		h.primary.offer([]byte(notice))
	}
}

// plain drops everything from text that a terminal could act upon.
func plain(text string) string {
	out := make([]rune, 0, len(text))
	for _, r := range text {
		if r >= 0x20 && (r < 0x7f || r > 0x9f) {
			out = append(out, r)
		}
	}
	return string(out)
}

// completed takes the tutor's word for a finished stage to whoever records it.
func (h *holder) completed(m event.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.pending {
		if p.ID == m.ID {
			return
		}
	}
	h.pending = append(h.pending, m)
	for o := range h.overseers {
		o.wake()
	}
}

// recorded takes the answer back to the tutor.
func (h *holder) recorded(id string) {
	h.mu.Lock()
	found := false
	for i, p := range h.pending {
		if p.ID == id {
			h.pending = append(h.pending[:i], h.pending[i+1:]...)
			found = true
			break
		}
	}
	h.mu.Unlock()
	if found {
		h.tutor.sendEvent(event.Message{Type: event.Recorded, ID: id})
	}
}

func (h *holder) accept() {
	for {
		conn, err := h.opts.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrClosed) {
				h.opts.Log.Error("stopped accepting terminals", "error", err)
			}
			return
		}
		h.clients.Add(1)
		go func() {
			defer h.clients.Done()
			defer func() { _ = conn.Close() }()
			if err := h.serve(conn); err != nil {
				h.opts.Log.Debug("a client left", "error", err)
			}
		}()
	}
}
