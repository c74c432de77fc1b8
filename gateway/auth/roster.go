package auth

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

const (
	// recheckAfter is how old a list may be that lacks a key, before GitHub is
	// asked whether the key was added: somebody who has just done so should
	// not have to wait for the cache to expire.
	recheckAfter = 15 * time.Second
	// clockStep is by how much clocks are commonly corrected.
	clockStep = 30 * time.Second

	recentLists    = 1024
	recentFailures = 4096
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
	isListed  map[string]bool
	all       *rate.Limiter
	strangers *queue
	flights   singleflight.Group
	recent    *lru.Cache[string, *keyList]
	failures  *lru.Cache[string, failure]

	mu sync.Mutex
	// pausedUntil is when GitHub wants to be asked again.
	pausedUntil time.Time
}

func newRoster(options rosterOptions) *roster {
	r := &roster{
		rosterOptions: options,
		isListed:      map[string]bool{},
		all:           rate.NewLimiter(fetchesPerSecond, fetchesAtOnce),
		strangers:     newQueue(strangersPerSecond, strangersAtOnce, strangerWait, options.work),
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
