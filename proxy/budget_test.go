package proxy

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func newBudget(g *fakeGateway) *budget {
	return &budget{perDay: 1000, gateway: g, log: slog.New(slog.DiscardHandler)}
}

func TestBudgetOfADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at midnight UTC
		g := &fakeGateway{charged: map[string]int64{"ada": 400}}
		b := newBudget(g)
		time.Sleep(20*time.Hour + 30*time.Minute)
		for range 3 {
			if refused := b.check(t.Context(), "ada"); refused != nil {
				t.Fatal(refused.message)
			}
		}
		b.add("ada", 599)
		if refused := b.check(t.Context(), "ada"); refused != nil {
			t.Fatal(refused.message)
		}
		b.add("ada", 1)
		refused := b.check(t.Context(), "ada")
		if refused == nil || refused.status != http.StatusTooManyRequests || refused.kind != "billing_error" || !refused.neverRetry {
			t.Fatalf("over the budget: %+v", refused)
		}
		if refused.retryAfter != 3*time.Hour+30*time.Minute || !strings.Contains(refused.message, "2000-01-02 00:00 UTC, in 3 h 30 min") {
			t.Errorf("until then: %s: %s", refused.retryAfter, refused.message)
		}
		if b.check(t.Context(), "ben") != nil {
			t.Error("somebody else pays for it")
		}
		if g.asked != 2 {
			t.Errorf("the gateway was asked %d times", g.asked)
		}
		g.set(false, map[string]int64{"ada": 1000}) // it has been told by now
		time.Sleep(refused.retryAfter - time.Nanosecond)
		if b.check(t.Context(), "ada") == nil {
			t.Error("it is over before midnight")
		}
		g.set(false, nil)
		time.Sleep(time.Nanosecond)
		// What ends after midnight is told to the gateway, which is asked next.
		b.add("ada", 5000)
		if refused := b.check(t.Context(), "ada"); refused != nil {
			t.Errorf("on the next day: %s", refused.message)
		}
		if len(b.accounts) != 1 {
			t.Errorf("%d accounts of yesterday are kept", len(b.accounts)-1)
		}
	})
}

// Just after midnight by the proxy's clock it may be before midnight by the
// gateway's, which tells then what was used yesterday.
func TestBudgetIsNotLostToAClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &fakeGateway{charged: map[string]int64{"ada": 1000}}
		b := newBudget(g)
		if b.check(t.Context(), "ada") == nil {
			t.Fatal("what the gateway says does not count")
		}
		g.set(false, nil)
		for range 3 {
			if b.check(t.Context(), "ada") == nil {
				t.Fatal("the gateway is asked at each refusal")
			}
		}
		time.Sleep(askAgain)
		if refused := b.check(t.Context(), "ada"); refused != nil {
			t.Errorf("when the gateway has midnight too: %s", refused.message)
		}
		b.add("ada", 1000)
		g.set(true, nil)
		time.Sleep(askAgain)
		if refused := b.check(t.Context(), "ada"); refused == nil || refused.reason != overBudget {
			t.Errorf("used up, and the gateway does not answer: %+v", refused)
		}
	})
}

func TestBudgetThatIsUnknown(t *testing.T) {
	g := &fakeGateway{}
	g.set(true, nil)
	l := newLab(t, func(o *Options) { o.TokensPerDay, o.Gateway = 1000, g })
	res, text := l.ask(okBody, nil)
	l.refused("unknown", res, text, http.StatusServiceUnavailable, "api_error")
	if res.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to try again")
	}
	g.set(false, map[string]int64{"ada": 1000})
	res, text = l.ask(okBody, nil)
	l.refused("used up", res, text, http.StatusTooManyRequests, "billing_error")
	if res.Header.Get("X-Should-Retry") != "false" || res.Header.Get("Retry-After") == "" {
		t.Errorf("the header is %v", res.Header)
	}
	if res, text := l.ask(okBody, func(r *http.Request) { r.URL.Path += "/count_tokens" }); res.StatusCode != http.StatusOK {
		t.Errorf("to count costs nothing, and is refused: %s", text)
	}
}

func TestBudgetWithoutAGateway(t *testing.T) {
	o := newLab(t, nil).proxy.Options
	o.TokensPerDay, o.Gateway = 1, nil
	if _, err := New(o); err == nil {
		t.Error("a budget that nobody knows is taken")
	}
}
