package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lectern/sandbox"
)

// asked is a backend that can be listed, and counts how often it was.
type asked struct {
	times int
	err   error
	hangs bool
}

func (a *asked) list(ctx context.Context) ([]sandbox.Info, error) {
	a.times++
	if a.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return []sandbox.Info{{Session: "s"}}, a.err
}

// ready is what /readyz answers.
func ready(ctx context.Context, s *Server) (status int, said string) {
	answer := httptest.NewRecorder()
	s.Health().ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/readyz", nil))
	return answer.Code, answer.Body.String()
}

func readyServer(t *testing.T, a *asked) *Server {
	s := &Server{log: slog.New(slog.DiscardHandler)}
	s.ctx, s.cancel = context.WithCancelCause(t.Context())
	s.census = newCensus(s.ctx, a.list)
	return s
}

func TestReadyFollowsTheBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &asked{}
		s := readyServer(t, a)
		expect := func(status int, words string, times int) {
			t.Helper()
			if got, said := ready(t.Context(), s); got != status || !strings.Contains(said, words) || a.times != times {
				t.Errorf("the answer is %d %q and the backend was asked %d times; want %d %q, %d times", got, said, a.times, status, words, times)
			}
		}
		expect(200, "ok", 1)
		a.err = errors.New("connection refused")
		expect(200, "ok", 1) // of what was true a moment ago
		time.Sleep(censusFor)
		expect(503, "log says why", 2)
		expect(503, "log says why", 2)
		a.err = nil
		time.Sleep(censusFor)
		expect(200, "ok", 3)

		a.hangs = true
		time.Sleep(censusFor)
		began := time.Now()
		expect(503, "does not answer within 3s", 4)
		if took := time.Since(began); took != censusLimit {
			t.Errorf("a backend that hangs is waited for for %s", took)
		}
		s.cancel(errShutdown)
		expect(503, "shutting down", 4)
	})
}

// TestManyAskOnce: whoever asks at the same time gets the same answer, and
// nobody's impatience is another's failure.
func TestManyAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		times := 0
		s := readyServer(t, &asked{})
		s.census.list = func(context.Context) ([]sandbox.Info, error) {
			times++
			<-release
			return nil, nil
		}
		impatient, leave := context.WithCancel(t.Context())
		statuses := make(chan int, 10)
		var asking sync.WaitGroup
		ask := func(ctx context.Context) {
			asking.Go(func() {
				status, _ := ready(ctx, s)
				statuses <- status
			})
		}
		ask(impatient) // has the turn
		synctest.Wait()
		for range 9 {
			ask(t.Context())
		}
		synctest.Wait()
		leave()
		close(release)
		asking.Wait()
		close(statuses)
		for status := range statuses {
			if status != 200 {
				t.Errorf("one was answered %d", status)
			}
		}
		if times != 1 {
			t.Errorf("the backend was asked %d times", times)
		}
	})
}

// TestImpatientInLine: who waits for another's question may leave.
func TestImpatientInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &asked{hangs: true}
		s := readyServer(t, a)
		var asking sync.WaitGroup
		asking.Go(func() { ready(t.Context(), s) })
		synctest.Wait()
		impatient, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		if status, said := ready(impatient, s); status != 503 || !strings.Contains(said, "did not wait") {
			t.Errorf("the answer is %d %q", status, said)
		}
		asking.Wait()
		if a.times != 1 {
			t.Errorf("the backend was asked %d times", a.times)
		}
	})
}
