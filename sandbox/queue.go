package sandbox

import (
	"context"
	"slices"
	"time"
)

// The queue in front of a full house.

// ticket is one who waits in the queue.
type ticket struct {
	login     string
	settled   chan struct{} // closed once it is out of the queue, unless withdrawn
	refusal   *Unavailable  // of one that was turned away; valid once settled is closed
	positions chan Phase    // the newest place in the queue
}

// enter waits in the queue; leave gives back the place that making a sandbox
// takes until the Backend lists it.
func (l *Lifecycle) enter(ctx context.Context, spec Spec, report func(Phase)) (leave func(), err error) {
	login := spec.Login
	t := &ticket{login: login, settled: make(chan struct{}), positions: make(chan Phase, 1)}
	l.mu.Lock()
	if l.refusal != nil {
		defer l.mu.Unlock()
		return nil, l.refusal
	}
	l.waiting = append(l.waiting, t)
	l.mu.Unlock()
	l.wake()
	since := time.Now()
	defer func() {
		if l.rules.Waited != nil {
			l.rules.Waited(spec, time.Since(since))
		}
	}()
	leave = func() {
		l.mu.Lock()
		if l.admitted[login]--; l.admitted[login] <= 0 {
			delete(l.admitted, login)
		}
		l.mu.Unlock()
		l.wake()
	}
	for {
		select {
		case p := <-t.positions:
			report(p)
		case <-t.settled:
			if t.refusal != nil {
				return nil, t.refusal
			}
			return leave, nil
		case <-ctx.Done():
			if !l.withdraw(t) && t.refusal == nil { // admitted at the same moment: pass it on
				leave()
			}
			return nil, ctx.Err()
		}
	}
}

// withdraw takes t out of the queue; false means that it is not there any more.
func (l *Lifecycle) withdraw(t *ticket) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.waiting, t)
	if i < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	l.wake()
	return true
}

// admit lets in those at the head of the queue for whom there is a place, and
// tells the others where they stand. Only Run calls it.
func (l *Lifecycle) admit(ctx context.Context) {
	taken := make(map[string]bool)
	l.mu.Lock()
	nobody := len(l.waiting) == 0
	// Who gets a sandbox while the list is on its way is on neither of the two
	// afterwards.
	for login := range l.admitted {
		taken[login] = true
	}
	l.mu.Unlock()
	if nobody {
		return
	}
	live, ok := l.list(ctx)
	if !ok {
		return
	}
	for _, info := range live {
		taken[info.Login] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var rest []*ticket
	for _, t := range l.waiting {
		// A learner who has a sandbox already joins it and takes no place.
		if !taken[t.login] && (len(rest) > 0 || len(taken) >= l.rules.MaxSessions) {
			rest = append(rest, t)
			continue
		}
		taken[t.login] = true
		l.admitted[t.login]++
		close(t.settled)
	}
	l.waiting = rest
	for i, t := range rest {
		t.place(Phase{Kind: Queued, Position: i + 1, Length: len(rest)})
	}
}

// place leaves only the newest position for the one who waits.
func (t *ticket) place(p Phase) {
	select {
	case <-t.positions:
	default:
	}
	t.positions <- p
}

// Waiting is how many stand in the queue.
func (l *Lifecycle) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}
