package hold

import (
	"context"
	"errors"
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
	// titleFor is how long a line keeps its place in the title; 0 is titleFor.
	titleFor time.Duration
	// Course is the folder into which the course is delivered before the tutor
	// may start; empty where it is there from the start.
	Course string
	// Forward carries connections of the tutor out of the sandbox; nil: none.
	Forward *Forward
	Log     *slog.Logger
}

// stallLimit is how long the tutor waits for a terminal that takes none of its
// output before that terminal is dropped.
const stallLimit = 10 * time.Second

// partingTime is how long a tutor that was asked to leave may keep its learner from
// hearing why.
const partingTime = time.Second

// holder is one tutor and those who have joined it. The mutex mu guards the
// fields below it and is never held over I/O.
type holder struct {
	opts    Options
	tutor   *tutor
	clients sync.WaitGroup
	ended   chan struct{} // closed once exit is set
	drawn   chan struct{} // holds a token after each output, for the nudge
	stopped chan stopOrder
	courier chan struct{} // has room for the one who delivers
	parted  chan struct{} // closed where the tutor takes long to leave
	sizing  sync.Mutex    // one at a time resizes the tutor's terminal; taken before mu
	naming  sync.Mutex    // one at a time names the watchers to the tutor; taken before mu
	named   string        // what the tutor was told last; guarded by naming
	telling sync.Mutex    // one at a time brings the tutor what is told; taken before mu

	mu         sync.Mutex
	screen     *screen
	size       sandbox.Size
	primary    *terminal
	watchers   []*terminal // in the order in which they came
	watches    int         // how many there ever were
	untold     untold
	strangers  []net.Conn      // connections that have not said what they are for
	pending    []event.Message // completed, not yet recorded
	overseers  map[*overseer]struct{}
	epoch      int
	lineages   lineages
	started    time.Time
	expires    time.Time
	detachedAt time.Time
	lastInput  time.Time
	toldInput  time.Time     // when overseers were told of it last
	delivered  bool          // the course is there
	stopping   *sandbox.Exit // set once the tutor was asked to leave
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
	if opts.titleFor == 0 {
		opts.titleFor = titleFor
	}
	now := time.Now()
	h := &holder{
		opts:       opts,
		ended:      make(chan struct{}),
		drawn:      make(chan struct{}, 1),
		stopped:    make(chan stopOrder, 1),
		courier:    make(chan struct{}, 1),
		parted:     make(chan struct{}),
		delivered:  opts.Course == "",
		screen:     newScreen(),
		size:       sandbox.Size{}.Clamp(),
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
	typing := make(chan struct{})
	go func() {
		defer close(typing)
		t.takeInput(h.ended)
	}()
	forwarding := make(chan struct{})
	go func() {
		defer close(forwarding)
		if opts.Forward != nil {
			opts.Forward.run(h.ended, opts.Log)
		}
	}()
	exit := h.supervise(ctx)

	h.end(exit)
	t.hangUp() // what is typed may wait there for a tutor that has not read it
	<-typing
	_ = opts.Listener.Close()
	<-accepting
	h.clients.Wait()
	<-forwarding
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
	clocks := newClocks(h)
	look := time.NewTimer(0)
	defer look.Stop()
	var (
		order   *stopOrder
		parting <-chan time.Time
	)
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
			h.stop(stopOrder{sandbox.Stopped, "Your session was ended from outside. What you have done is kept: choose the stage again to go on."})
			ctx = context.WithoutCancel(ctx)
		case o := <-h.stopped:
			order = &o
			h.tutor.stop(h.opts.Stop)
			parting = time.After(partingTime)
		case <-parting:
			close(h.parted)
		case now := <-look.C:
			next, over := clocks.look(now)
			if over != nil {
				h.stop(*over)
			}
			look.Reset(next)
		}
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
