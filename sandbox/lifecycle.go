package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"lectern/sandbox/event"
)

// Rules are the limits of a Lifecycle.
type Rules struct {
	// MaxSessions is how many sandboxes may live at once.
	MaxSessions int
	// Grace is how long a sandbox that nobody has joined is kept.
	Grace time.Duration
	// Completed records a stage that a tutor graded as finished. It is called
	// again with the same message until it returns nil.
	Completed func(ctx context.Context, of Info, m event.Message) error
	// Ended is told of every sandbox that ends. It may be nil.
	Ended func(of Info, exit Exit)
	// Waited is told how long one has waited in the queue, also one who gave up or
	// was turned away. It may be nil.
	Waited func(spec Spec, d time.Duration)
	// Started is told of every try to make a sandbox that went past the queue, and
	// how long its steps took; there are none where nothing had to be made. It may
	// be nil.
	Started func(spec Spec, steps []Step, err error)
	// Reaped is told once of each sandbox that was ended because nobody came back
	// to it or because it did not answer. It may be nil.
	Reaped func(of Info)
	Log    *slog.Logger
}

// Lifecycle applies the rules to the sandboxes of a Backend: the queue in
// front of a full house, the grace of those left alone, adoption at start. It
// keeps in memory only who waits; all else it asks the Backend.
type Lifecycle struct {
	backend Backend
	rules   Rules
	since   time.Time     // when we began to look after the sandboxes
	changed chan struct{} // holds a token when the queue may move

	reaped map[string]bool // by session: of those that may be listed still; only reap looks at it

	mu       sync.Mutex
	arrivals []*Arrival     // in order
	waiting  []*ticket      // in order of arrival
	admitted map[string]int // by login: those who are getting a sandbox
	refusal  *Unavailable   // what is said at a closed door; nil while it is open
	closed   chan struct{}  // closed while the door is
}

// NewLifecycle returns the rules in force over backend, once Run is called.
func NewLifecycle(backend Backend, rules Rules) *Lifecycle {
	return &Lifecycle{
		backend:  backend,
		rules:    rules,
		since:    time.Now(),
		changed:  make(chan struct{}, 1),
		reaped:   make(map[string]bool),
		admitted: make(map[string]int),
		closed:   make(chan struct{}),
	}
}

// Run adopts the sandboxes that are there and looks after all until ctx ends.
// It returns once everything that it started has ended.
func (l *Lifecycle) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	reaped := make(chan struct{}, 1) // holds a token while nobody reaps
	reaped <- struct{}{}
	defer func() {
		cancel()
		<-reaped
	}()
	watched := make(chan error, 1)
	go func() { watched <- l.backend.Watch(ctx, l.handle) }()
	// A relist now and then, since news can be missed; the queue and the grace
	// both live on it.
	tick := time.NewTicker(min(max(l.rules.Grace/4, 100*time.Millisecond), 10*time.Second))
	defer tick.Stop()
	for {
		select {
		case <-l.changed:
			l.admit(ctx)
		case <-tick.C:
			select {
			case <-reaped: // one that does not answer takes long, and the queue moves on
				go func() {
					l.reap(ctx)
					reaped <- struct{}{}
				}()
			default: // still at it
			}
			l.admit(ctx)
		case err := <-watched:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("watch the sandboxes: %w", err)
		}
	}
}

func (l *Lifecycle) wake() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

func (l *Lifecycle) handle(ctx context.Context, c Change) error {
	if c.Completed != nil {
		return l.rules.Completed(ctx, c.Info, *c.Completed)
	}
	if c.Ended != nil && l.rules.Ended != nil {
		l.rules.Ended(c.Info, *c.Ended)
	}
	if c.Freed {
		l.wake()
	}
	return nil
}

// Find returns the learner's live sandbox, or ok false.
func (l *Lifecycle) Find(ctx context.Context, login string) (Sandbox, bool, error) {
	return l.backend.Find(ctx, login)
}

// BySession returns the live sandbox of that session: the whole id. Where there
// is none, or it is still being made, that is ErrGone.
func (l *Lifecycle) BySession(ctx context.Context, id string) (Sandbox, error) {
	live, err := l.backend.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, info := range live {
		if info.Session != id {
			continue
		}
		sb, ok, err := l.backend.Find(ctx, info.Login)
		if err != nil {
			return nil, err
		}
		if ok && sb.Made().Session == id { // and not the learner's next one
			return sb, nil
		}
	}
	return nil, ErrGone
}

// List tells of all live sandboxes.
func (l *Lifecycle) List(ctx context.Context) ([]Info, error) { return l.backend.List(ctx) }

const (
	// attempts is how often making a sandbox is tried, with growing pauses.
	attempts = 3
	// roomCheck is how often one asks again whom the Backend has no room for:
	// nobody tells when a quota has room again.
	roomCheck = 2 * time.Second
)

// Acquire returns the learner's live sandbox or makes one when there is a
// place, in order of arrival. It reports the phases of the wait and gives up
// when ctx ends.
func (l *Lifecycle) Acquire(ctx context.Context, spec Spec, report func(Phase)) (Sandbox, error) {
	report, gone := l.arrive(spec, report)
	defer gone()
	if sb, err := l.live(ctx, spec.Login); sb != nil || err != nil {
		return sb, err
	}
	leave, err := l.enter(ctx, spec, report)
	if err != nil {
		if ctx.Err() == nil {
			// Who is turned away may have got one by another connection meanwhile.
			if sb, _ := l.live(ctx, spec.Login); sb != nil {
				return sb, nil
			}
		}
		return nil, err
	}
	defer leave()
	pause := 200 * time.Millisecond
	for attempt := 1; ; {
		sb, err := l.try(ctx, spec, report)
		if err == nil {
			return sb, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		l.rules.Log.Warn("could not make a sandbox", "login", spec.Login, "attempt", attempt, "error", err, "cause", errors.Unwrap(err))
		var unavailable *Unavailable
		wait := pause
		switch {
		case errors.As(err, &unavailable) && unavailable.Full:
			report(Phase{Kind: Queued, Detail: unavailable.Reason})
			wait = roomCheck
		case errors.As(err, &unavailable):
			return nil, unavailable
		case attempt == attempts:
			return nil, fmt.Errorf("make a sandbox: %w", err)
		default:
			report(Phase{Kind: Starting, Detail: "trying again"})
			attempt++
			pause *= 3
		}
		select {
		case <-time.After(wait):
		case <-l.shut():
			if refusal := l.refused(); refusal != nil {
				return nil, refusal
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// live returns the learner's live sandbox, or nil. One that does not answer is no
// place to go: the Backend replaces it.
func (l *Lifecycle) live(ctx context.Context, login string) (Sandbox, error) {
	sb, ok, err := l.backend.Find(ctx, login)
	if err != nil || !ok {
		return nil, err
	}
	if _, err := sb.Info(ctx); err != nil {
		return nil, nil
	}
	return sb, nil
}

// list asks the Backend; where it does not answer, that is logged and the next
// tick tries again.
func (l *Lifecycle) list(ctx context.Context) (live []Info, ok bool) {
	live, err := l.backend.List(ctx)
	if err != nil && ctx.Err() == nil {
		l.rules.Log.Error("could not list the sandboxes", "error", err)
	}
	return live, err == nil
}
