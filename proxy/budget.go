package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"lectern/proxy/report"
)

const (
	// askLimit is how long the gateway may take to say what a learner has used.
	askLimit = 3 * time.Second
	// askAgain is how often it is asked about one whose budget is used up.
	askAgain = time.Minute
)

// budget holds each learner to a number of tokens a day, which begins at
// midnight UTC. The gateway knows what was used; it is asked once a day, and
// then the proxy adds what it sees itself. What is running when the budget is
// used up may end. Then the gateway is asked again now and then: its midnight
// may be a little later, and a whole day would be lost to what it said before.
type budget struct {
	perDay  int64 // 0: no limit
	gateway report.Gateway
	log     *slog.Logger

	questions singleflight.Group // to the gateway, by login

	mu       sync.Mutex
	day      time.Time
	accounts map[string]*account // of that day, by login
}

// account is what a learner has used on one day.
type account struct {
	known bool
	asked time.Time // when the gateway was
	used  int64
}

func midnight(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }

// account gives that of today, and forgets everybody's of yesterday. The mutex
// is held.
func (b *budget) account(login string, today time.Time) *account {
	if !b.day.Equal(today) {
		b.day, b.accounts = today, make(map[string]*account)
	}
	a, ok := b.accounts[login]
	if !ok {
		a = &account{}
		b.accounts[login] = a
	}
	return a
}

// today is a learner's account as it stands; stale says that the gateway should
// be asked about it.
func (b *budget) today(login string, now time.Time) (a *account, used int64, known, stale bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a = b.account(login, midnight(now))
	return a, a.used, a.known, !a.known || a.used >= b.perDay && now.Sub(a.asked) >= askAgain
}

// ask has the gateway say what a learner has used. Requests that come at once
// ask it once, whichever of them leaves. The day may end meanwhile, so the answer
// goes into the account that it was asked for.
func (b *budget) ask(ctx context.Context, login string, a *account) (used int64, err error) {
	answer, err, _ := b.questions.Do(login, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askLimit)
		defer cancel()
		asked := time.Now()
		used, err := b.gateway.ChargedToday(ctx, login)
		b.mu.Lock()
		defer b.mu.Unlock()
		a.asked = asked
		if err == nil {
			a.known, a.used = true, used
		}
		return a.used, err
	})
	return answer.(int64), err
}

// check refuses who has used up the day's budget. A gateway that does not
// answer is no reason to spend without a limit.
func (b *budget) check(ctx context.Context, login string) *refusal {
	if b.perDay == 0 {
		return nil
	}
	now := time.Now()
	a, used, known, stale := b.today(login, now)
	if stale {
		var err error
		if used, err = b.ask(ctx, login, a); err != nil && !known {
			b.log.Warn("the gateway does not say what a learner has used today; their requests are refused until it does", "login", login, "error", err)
			f := unavailable(http.StatusServiceUnavailable, budgetUnknown, "The lab cannot look up how much of today's budget is left: try again in a moment.")
			f.retryAfter = 5 * time.Second
			return f
		}
	}
	if used < b.perDay {
		return nil
	}
	reset := midnight(now).Add(24 * time.Hour)
	return &refusal{
		status: http.StatusTooManyRequests, kind: "billing_error", reason: overBudget,
		message: fmt.Sprintf("Your %d tokens for today are used up: go on after %s UTC, in %s.",
			b.perDay, reset.Format("2006-01-02 15:04"), wait(reset.Sub(now))),
		retryAfter: reset.Sub(now), neverRetry: true,
	}
}

// wait is a time as a person would say it.
func wait(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	if minutes < 60 {
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}

// add counts what an answer has used. Where the gateway has not been asked yet
// today, as after midnight, it will know of this when it is.
func (b *budget) add(login string, tokens int64) {
	if b.perDay == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.account(login, midnight(time.Now())); a.known {
		a.used += tokens
	}
}
