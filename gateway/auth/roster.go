package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

const (
	// missFor is how long an account that GitHub does not know is not asked
	// for again, and failureFor one for which GitHub did not answer.
	missFor    = time.Minute
	failureFor = 10 * time.Second
	// recheckAfter is how old a list may be that lacks a key, before GitHub is
	// asked whether the key was added: somebody who has just done so should
	// not have to wait for the cache to expire.
	recheckAfter = 15 * time.Second
	// clockStep is by how much clocks are commonly corrected.
	clockStep = 30 * time.Second
	// tokenWait is how long somebody who is known waits when too much is
	// asked of GitHub.
	tokenWait = 2 * time.Second

	fetchesPerSecond, fetchesAtOnce = 5, 20
	// What strangers may use up of it, so that they cannot keep those who are
	// known from being refreshed.
	strangersPerSecond, strangersAtOnce = 2, 10

	recentLists    = 1024
	recentFailures = 4096
)

// urgency says which fetches give way when there are too many.
type urgency int

const (
	// curious: for somebody unknown, or a key that may be new.
	curious urgency = iota
	// due: for somebody known whose keys must be confirmed.
	due
	// paid: the caller has waited for its turn already.
	paid
)

type rosterOptions struct {
	source             *gitHub
	memory             *memory
	listed             []string
	work               *work
	cacheFor, staleFor time.Duration
	now                func() time.Time
	log                *slog.Logger
}

// roster knows the keys of accounts: the last that GitHub said, asked for
// again when it is too old. What it learns of strangers stays in a bounded
// part of the process's memory.
type roster struct {
	rosterOptions
	isListed       map[string]bool
	all, strangers *rate.Limiter
	flights        singleflight.Group
	recent         *lru.Cache[string, *keyList]
	failures       *lru.Cache[string, failure]

	mu sync.Mutex
	// pausedUntil is when GitHub wants to be asked again.
	pausedUntil time.Time
}

// failure is why an account is not asked for until some time.
type failure struct {
	denied error
	until  time.Time
}

func newRoster(options rosterOptions) *roster {
	r := &roster{
		rosterOptions: options,
		isListed:      map[string]bool{},
		all:           rate.NewLimiter(fetchesPerSecond, fetchesAtOnce),
		strangers:     rate.NewLimiter(strangersPerSecond, strangersAtOnce),
	}
	for _, login := range options.listed {
		r.isListed[login] = true
	}
	// The only error that lru.New has is about a size below 1.
	r.recent, _ = lru.New[string, *keyList](recentLists + 2*len(options.listed))
	r.failures, _ = lru.New[string, failure](recentFailures + 2*len(options.listed))
	return r
}

// find is nil when the key is one of the account's. Otherwise it is a *Denied,
// or the error of ctx.
func (r *roster) find(ctx context.Context, login string, print fingerprint) error {
	list := r.known(login)
	if list != nil && r.isFresh(list) {
		if list.holds(print) {
			return nil
		}
		if r.age(list) < recheckAfter {
			return deniedNotListed(login, print)
		}
	}
	newer, err := r.fetch(ctx, login, list, r.urgencyOf(login, list))
	var denied *Denied
	switch {
	case err == nil:
		list = newer
	case !errors.As(err, &denied) || !denied.mayPass():
		return err
	case list == nil || r.age(list) > r.staleFor || !list.holds(print) && !r.isFresh(list):
		return err
	}
	if !list.holds(print) {
		return deniedNotListed(login, print)
	}
	return nil
}

// known is the last known list of an account, or nil.
func (r *roster) known(login string) *keyList {
	if list, ok := r.recent.Get(login); ok {
		return list
	}
	list, err := r.memory.list(login)
	if err != nil {
		r.log.Error("the key cache cannot be read, keys are fetched anew", "login", login, "error", err)
		return nil
	}
	if list != nil {
		r.recent.Add(login, list)
	}
	return list
}

// age is how long ago GitHub confirmed a list. A clock that is set back makes
// lists from the future: by a little, they are new; by more, as old as can be.
func (r *roster) age(list *keyList) time.Duration {
	age := r.now().Sub(list.CheckedAt)
	if age < -clockStep {
		return math.MaxInt64
	}
	return max(age, 0)
}

func (r *roster) isFresh(list *keyList) bool { return r.age(list) < r.cacheFor }

func (r *roster) urgencyOf(login string, list *keyList) urgency {
	isKnown := r.isListed[login] || list != nil && list.stored
	if isKnown && (list == nil || !r.isFresh(list)) {
		return due
	}
	return curious
}

// fetch gets the account's keys from GitHub, once for all who ask at the same
// time; seen is what the caller knows of them. The fetch goes on when ctx ends.
func (r *roster) fetch(ctx context.Context, login string, seen *keyList, urgent urgency) (*keyList, error) {
	if err := r.refusal(login); err != nil {
		return nil, err
	}
	type result struct {
		list *keyList
		err  error
	}
	results := make(chan result, 1)
	started := r.work.start(func(ctx context.Context) {
		value, err, _ := r.flights.Do(login, func() (any, error) {
			return r.fetchOnce(ctx, login, seen, urgent)
		})
		list, _ := value.(*keyList)
		results <- result{list, err}
	})
	if !started {
		return nil, deniedClosing()
	}
	select {
	case got := <-results:
		return got.list, got.err
	case <-ctx.Done():
		return nil, fmt.Errorf("look up the keys of %s: %w", login, ctx.Err())
	}
}

// refusal is why the account is not asked for now, or nil.
func (r *roster) refusal(login string) error {
	now := r.now()
	if last, ok := r.failures.Get(login); ok && now.Before(last.until) {
		return last.denied
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Before(r.pausedUntil) {
		return deniedBusy(r.pausedUntil.Sub(now))
	}
	return nil
}

func (r *roster) fetchOnce(ctx context.Context, login string, seen *keyList, urgent urgency) (*keyList, error) {
	// Another fetch may have ended between the caller's look and this one.
	list := r.known(login)
	if list != nil && (seen == nil || list.CheckedAt.After(seen.CheckedAt)) {
		return list, nil
	}
	if err := r.refusal(login); err != nil {
		return nil, err
	}
	if !r.take(ctx, urgent) {
		return nil, deniedBusy(0)
	}
	etag := ""
	if list != nil {
		etag = list.ETag
	}
	got, err := r.source.fetch(ctx, login, etag)
	if err != nil {
		return nil, r.failed(ctx, login, err)
	}
	newer := &keyList{Login: login, CheckedAt: r.now(), ETag: got.etag, Prints: got.prints}
	if got.notModified {
		newer.Prints = list.Prints
	}
	r.failures.Remove(login)
	r.keep(newer, r.isListed[login] || list != nil && list.stored)
	return newer, nil
}

// take waits for, or asks for, the right to one fetch.
func (r *roster) take(ctx context.Context, urgent urgency) bool {
	switch urgent {
	case paid:
		return true
	case due:
		ctx, cancel := context.WithTimeout(ctx, tokenWait)
		defer cancel()
		return r.all.Wait(ctx) == nil
	}
	return r.strangers.Allow() && r.all.Allow()
}

// failed remembers why there are no keys, and says it.
func (r *roster) failed(ctx context.Context, login string, err error) error {
	if ctx.Err() != nil {
		return deniedClosing()
	}
	now := r.now()
	if errors.Is(err, errNoAccount) {
		denied := deniedNoAccount(login)
		r.failures.Add(login, failure{denied, now.Add(missFor)})
		r.drop(login)
		return denied
	}
	r.log.Warn("keys cannot be fetched from GitHub, the last known ones are used where there are any", "login", login, "error", err)
	var pause *pauseError
	if errors.As(err, &pause) {
		r.mu.Lock()
		r.pausedUntil = now.Add(pause.pause)
		r.mu.Unlock()
		return deniedBusy(pause.pause)
	}
	denied := deniedUnreachable(login, err)
	r.failures.Add(login, failure{denied, now.Add(failureFor)})
	return denied
}

// keep makes a list known, and stores it where the account is no stranger's.
func (r *roster) keep(list *keyList, store bool) {
	if store {
		if err := r.memory.save(list); err != nil {
			r.log.Error("keys cannot be stored, they are forgotten at the next start", "login", list.Login, "error", err)
		}
		// On a full disk the account is still no stranger's.
		list.stored = true
	}
	r.recent.Add(list.Login, list)
}

// drop forgets an account that is gone from GitHub.
func (r *roster) drop(login string) {
	list := r.known(login)
	r.recent.Remove(login)
	if list == nil || !list.stored {
		return
	}
	if err := r.memory.forget(login); err != nil {
		r.log.Error("the keys of an account that is gone cannot be dropped from the key cache", "login", login, "error", err)
	}
}

// enrol remembers whose key it is. It trusts only what GitHub said.
func (r *roster) enrol(login string, print fingerprint) error {
	owner, err := r.memory.owner(print)
	if err != nil {
		return err
	}
	list := r.known(login)
	if list == nil || !list.holds(print) {
		return errors.New("GitHub does not list the key any more, connect again")
	}
	if owner == login {
		return nil
	}
	if err := r.memory.enrol(list, print); err != nil {
		return err
	}
	stored := *list
	stored.stored = true
	r.recent.Add(login, &stored)
	return nil
}
