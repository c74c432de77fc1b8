package auth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// missFor is how long an account that GitHub does not know is not asked
	// for again, and failureFor one for which GitHub did not answer.
	missFor    = time.Minute
	failureFor = 10 * time.Second
	// tokenWait is how long one whose turn it is waits when too much is asked
	// of GitHub.
	tokenWait = 2 * time.Second

	fetchesPerSecond, fetchesAtOnce = 5, 20
	// What strangers may use up of it, so that they cannot keep those who are
	// known from being refreshed.
	strangersPerSecond, strangersAtOnce = 3, 10
	// strangerWait is how long a stranger waits: a class that comes for the
	// first time comes all at once. Signing in may take longer than that.
	strangerWait = 8 * time.Second
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

// failure is why an account is not asked for until some time.
type failure struct {
	denied error
	until  time.Time
}

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
	from := fromOf(ctx)
	started := r.work.start(func(ctx context.Context) {
		value, err, _ := r.flights.Do(login, func() (any, error) {
			return r.fetchOnce(ctx, login, from, seen, urgent)
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

func (r *roster) fetchOnce(ctx context.Context, login, from string, seen *keyList, urgent urgency) (*keyList, error) {
	// Another fetch may have ended between the caller's look and this one.
	list := r.known(login)
	if list != nil && (seen == nil || list.CheckedAt.After(seen.CheckedAt)) {
		return list, nil
	}
	if err := r.refusal(login); err != nil {
		return nil, err
	}
	if !r.take(ctx, from, urgent) {
		return nil, deniedBusy(0)
	}
	// GitHub may have asked for a pause meanwhile.
	if err := r.refusal(login); err != nil {
		return nil, err
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

// take waits for the right to one fetch.
func (r *roster) take(ctx context.Context, from string, urgent urgency) bool {
	if urgent == paid {
		return true
	}
	if urgent == curious && !r.strangers.wait(ctx, from) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, tokenWait)
	defer cancel()
	return r.all.Wait(ctx) == nil
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
