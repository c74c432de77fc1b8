package proxy

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"lectern/proxy/token"
)

func TestRequestsAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(30, 100)
		enter := func(session string) *refusal {
			leave, refused := s.enter(session)
			if refused == nil {
				leave()
			}
			return refused
		}
		for i := range 10 {
			if refused := enter("a"); refused != nil {
				t.Fatalf("request %d: %s", i, refused.message)
			}
		}
		refused := enter("a")
		if refused == nil || refused.status != http.StatusTooManyRequests || refused.kind != "rate_limit_error" {
			t.Fatalf("one more: %+v", refused)
		}
		if enter("b") != nil {
			t.Error("another session pays for it")
		}
		time.Sleep(refused.retryAfter)
		if refused := enter("a"); refused != nil {
			t.Errorf("after Retry-After: %+v", refused)
		}
		if enter("a") == nil {
			t.Error("the one that was refused was counted")
		}
		passed := 0
		for range 600 {
			time.Sleep(100 * time.Millisecond)
			if enter("a") == nil {
				passed++
			}
		}
		if passed != 30 {
			t.Errorf("%d requests passed in a minute", passed)
		}
	})
}

func TestSessionsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(30, 4)
		leave, _ := s.enter("running")
		for i := range 1000 {
			done, refused := s.enter(fmt.Sprint(i))
			if refused != nil {
				t.Fatal(refused.message)
			}
			done()
		}
		time.Sleep(forgetAfter)
		if _, refused := s.enter("new"); refused != nil {
			t.Fatal(refused.message)
		}
		if len(s.known) != 2 {
			t.Errorf("%d sessions are remembered", len(s.known))
		}
		leave()
	})
}

func TestRequestsAtOnce(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Concurrency = 2 })
	arrived, goOn := make(chan struct{}), make(chan struct{})
	l.upstream.answers(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-goOn
		plainAnswer(w, r)
	})
	done := make(chan error, 2)
	for range 2 {
		go func() {
			res, err := l.post(okBody, nil)
			if err == nil {
				err = res.Body.Close()
			}
			done <- err
		}()
		<-arrived
	}
	res, text := l.ask(okBody, nil)
	if res.StatusCode != http.StatusTooManyRequests || kindOf(text) != "rate_limit_error" || res.Header.Get("Retry-After") == "" {
		t.Errorf("a third is answered with %d, %v: %s", res.StatusCode, res.Header, text)
	}
	l.upstream.answers(plainAnswer)
	other := l.token(func(c *token.Claims) { c.Session = "another" })
	if res, text := l.ask(okBody, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+other) }); res.StatusCode != http.StatusOK {
		t.Errorf("another session pays for it: %s", text)
	}
	close(goOn)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if res, text := l.ask(okBody, nil); res.StatusCode != http.StatusOK {
		t.Errorf("once they are over: %s", text)
	}
}
