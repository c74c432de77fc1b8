package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// sweepWidth is how many accounts are asked for at once in a sweep.
	sweepWidth = 4
	// sweepPatience is how long an offered key waits for a sweep.
	sweepPatience = 3 * time.Second
)

// listed knows the keys of the people whom the operator lists, so that these
// work before their owners have ever named themselves. Its sweep fetches those
// keys: once at the start, and again when a key is offered that is not among
// them and they are due to be confirmed.
type listed struct {
	logins []string
	// counts is whether the account of a listed login is its owner's, which
	// changes with the operator's file of keys.
	counts func(login string) bool
	roster *roster
	work   *work
	wake   chan struct{}

	mu sync.Mutex
	// sweep is closed when the sweep that was asked for has ended; nil when
	// none is asked for.
	sweep chan struct{}
}

func newListed(logins []string, counts func(login string) bool, r *roster, w *work) *listed {
	l := &listed{logins: logins, counts: counts, roster: r, work: w, wake: make(chan struct{}, 1)}
	l.ask()
	w.start(l.run)
	return l
}

// run sweeps whenever it is asked to.
func (l *listed) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		l.sweepAll(ctx)
		l.mu.Lock()
		close(l.sweep)
		l.sweep = nil
		l.mu.Unlock()
	}
}

// accounts are the listed logins whose keys are GitHub's.
func (l *listed) accounts() []string {
	var logins []string
	for _, login := range l.logins {
		if l.counts(login) {
			logins = append(logins, login)
		}
	}
	return logins
}

// ask gives a channel that is closed at the end of the sweep at hand, which
// begins now if none is running.
func (l *listed) ask() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sweep == nil {
		l.sweep = make(chan struct{})
		l.wake <- struct{}{}
	}
	return l.sweep
}

func (l *listed) sweepAll(ctx context.Context) {
	var group errgroup.Group
	group.SetLimit(sweepWidth)
	for _, login := range l.accounts() {
		list, isDue := l.isDue(login)
		if !isDue {
			continue
		}
		if l.roster.all.Wait(ctx) != nil {
			break
		}
		group.Go(func() error {
			// What goes wrong is logged and remembered by the roster.
			_, _ = l.roster.fetch(ctx, login, list, paid)
			return nil
		})
	}
	_ = group.Wait()
}

// isDue is whether GitHub should be asked for the keys of login.
func (l *listed) isDue(login string) (list *keyList, isDue bool) {
	list = l.roster.known(login)
	if list != nil && l.roster.isFresh(list) {
		return list, false
	}
	return list, l.roster.refusal(login) == nil
}

// find gives the listed login whose key it is, or "". The error is set when
// that cannot be known at the moment, or by ctx.
func (l *listed) find(ctx context.Context, print fingerprint) (string, error) {
	if login, err := l.lookThrough(ctx, print); login != "" || err != nil {
		return login, err
	}
	if !l.anyDue() {
		return "", l.complete()
	}
	patience := time.NewTimer(sweepPatience)
	defer patience.Stop()
	select {
	case <-l.ask():
	case <-patience.C:
	case <-l.work.ctx.Done():
		return "", deniedClosing()
	case <-ctx.Done():
		return "", fmt.Errorf("look up a key: %w", ctx.Err())
	}
	if login, err := l.lookThrough(ctx, print); login != "" || err != nil {
		return login, err
	}
	return "", l.complete()
}

// lookThrough finds the key in the known lists, and has GitHub confirm that it
// is still there when that is due. The error is one that may pass, or of ctx.
func (l *listed) lookThrough(ctx context.Context, print fingerprint) (string, error) {
	for _, login := range l.accounts() {
		if list := l.roster.known(login); list == nil || !list.holds(print) {
			continue
		}
		err := l.roster.find(ctx, login, print)
		if err == nil {
			return login, nil
		}
		var denied *Denied
		if !errors.As(err, &denied) || denied.mayPass() {
			return "", err
		}
	}
	return "", nil
}

func (l *listed) anyDue() bool {
	for _, login := range l.accounts() {
		if _, isDue := l.isDue(login); isDue {
			return true
		}
	}
	return false
}

// complete is nil when the keys of everybody listed are known, or known not to
// exist.
func (l *listed) complete() error {
	for _, login := range l.accounts() {
		if l.roster.known(login) != nil {
			continue
		}
		last, failed := l.roster.failures.Get(login)
		if denied, ok := last.denied.(*Denied); !failed || !ok || denied.Reason != NoSuchAccount {
			return deniedStillFetching()
		}
	}
	return nil
}
