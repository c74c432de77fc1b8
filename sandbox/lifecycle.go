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
	Log   *slog.Logger
}

// Lifecycle applies the rules to the sandboxes of a Backend: the queue in
// front of a full house, the grace of those left alone, adoption at start. It
// keeps in memory only who waits; all else it asks the Backend.
type Lifecycle struct {
	backend Backend
	rules   Rules
	since   time.Time     // when we began to look after the sandboxes
	changed chan struct{} // holds a token when the queue may move

	mu       sync.Mutex
	waiting  []*ticket      // in order of arrival
	admitted map[string]int // by login: those who are getting a sandbox
}

// NewLifecycle returns the rules in force over backend, once Run is called.
func NewLifecycle(backend Backend, rules Rules) *Lifecycle {
	return &Lifecycle{
		backend:  backend,
		rules:    rules,
		since:    time.Now(),
		changed:  make(chan struct{}, 1),
		admitted: make(map[string]int),
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
	if sb, ok, err := l.backend.Find(ctx, spec.Login); err != nil {
		return nil, err
	} else if ok {
		// One that does not answer is no place to go: the Backend replaces it.
		if _, err := sb.Info(ctx); err == nil {
			return sb, nil
		}
	}
	leave, err := l.enter(ctx, spec.Login, report)
	if err != nil {
		return nil, err
	}
	defer leave()
	pause := 200 * time.Millisecond
	for attempt := 1; ; {
		sb, err := l.backend.Acquire(ctx, spec, report)
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
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
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

// reap ends the sandboxes that nobody has joined for longer than the grace, and
// those that answer no more, not even when they are asked to end. A gateway that
// has just started gives all of them a fresh grace.
func (l *Lifecycle) reap(ctx context.Context) {
	live, ok := l.list(ctx)
	if !ok {
		return
	}
	for _, info := range live {
		if !info.Silent && l.awaited(info) {
			continue
		}
		sb, ok, err := l.backend.Find(ctx, info.Login)
		if err != nil || !ok {
			continue
		}
		if !info.Silent { // what the list has may be from dates, and those change
			if now, err := sb.Info(ctx); err == nil && l.awaited(now) {
				continue
			}
		}
		err = sb.Reap(ctx, info.Epoch, "Nobody came back to the session in time, so it was ended. Your place is kept.")
		if err != nil && !errors.Is(err, ErrGone) && ctx.Err() == nil {
			l.rules.Log.Warn("could not reap a sandbox", "session", info.Session, "error", err)
		}
	}
}

// awaited tells whether somebody is joined, or may still come back. Both times
// are by clocks that no change of the date moves.
func (l *Lifecycle) awaited(info Info) bool {
	return info.Attached || min(info.Alone, time.Since(l.since)) < l.rules.Grace
}
