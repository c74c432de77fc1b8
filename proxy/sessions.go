package proxy

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// forgetAfter is how long a session that asks nothing is remembered. After a
// minute of silence it may do again what a new one may.
const forgetAfter = 5 * time.Minute

// sessions bounds what each session asks.
type sessions struct {
	perMinute, atOnce int

	mu    sync.Mutex
	known map[string]*pace
	swept time.Time
}

// pace is that of one session.
type pace struct {
	limiter *rate.Limiter
	running int
	last    time.Time
}

func newSessions(perMinute, atOnce int) *sessions {
	return &sessions{perMinute: perMinute, atOnce: atOnce, known: make(map[string]*pace)}
}

// enter lets a session's request in until leave, or says why not.
func (s *sessions) enter(session string) (leave func(), refused *refusal) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	p, ok := s.known[session]
	if !ok {
		p = &pace{limiter: rate.NewLimiter(rate.Limit(float64(s.perMinute)/60), s.burst())}
		s.known[session] = p
	}
	p.last = now
	if p.running >= s.atOnce {
		return nil, slowDown(tooManyAtOnce, "The tutor asks too much at once: wait until an answer has come.", time.Second)
	}
	turn := p.limiter.ReserveN(now, 1)
	if wait := turn.DelayFrom(now); wait > 0 {
		turn.CancelAt(now)
		return nil, slowDown(tooFast, "The tutor asks too often: wait a moment.", wait)
	}
	p.running++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		p.running--
		p.last = time.Now()
	}, nil
}

// burst is what may come at once after a silence: a third of a minute's worth,
// since a tutor that begins asks several things in a row.
func (s *sessions) burst() int { return max(1, s.perMinute/3) }

// forget drops those that have been silent. It looks now and then instead of
// on a timer, since a map that nobody asks does not grow either.
func (s *sessions) forget(now time.Time) {
	if now.Sub(s.swept) < forgetAfter {
		return
	}
	s.swept = now
	for session, p := range s.known {
		if p.running == 0 && now.Sub(p.last) >= forgetAfter {
			delete(s.known, session)
		}
	}
}

func slowDown(why reason, message string, wait time.Duration) *refusal {
	return &refusal{
		status: http.StatusTooManyRequests, kind: "rate_limit_error",
		reason: why, message: message, retryAfter: wait,
	}
}
