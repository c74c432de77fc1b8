package web

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// callsAtOnce and callEvery bound the calls of one learner, from whatever
	// browsers and scripts: ten pages that come back at once and a script that asks
	// five times a second never notice.
	callsAtOnce = 100
	callEvery   = 100 * time.Millisecond
)

// calls bounds how often each learner asks. Some calls read files, and some ask
// the cluster.
type calls struct {
	now func() time.Time

	mu sync.Mutex
	by map[string]*rate.Limiter // by login
}

func newCalls(now func() time.Time) *calls {
	return &calls{now: now, by: make(map[string]*rate.Limiter)}
}

// moderate notes a call, and tells whether there are not too many.
func (c *calls) moderate(login string) bool {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.by[login]
	if l == nil {
		c.forget(now)
		l = rate.NewLimiter(rate.Every(callEvery), callsAtOnce)
		c.by[login] = l
	}
	return l.AllowN(now, 1)
}

// forget drops those who may do again what a new one may. The lock is held.
func (c *calls) forget(now time.Time) {
	for login, l := range c.by {
		if l.TokensAt(now) >= callsAtOnce {
			delete(c.by, login)
		}
	}
}

// call is what a learner asks, unless that is too often.
func (s *Server) call(next func(http.ResponseWriter, *http.Request, visitor)) http.HandlerFunc {
	return s.asLearner(func(w http.ResponseWriter, r *http.Request, v visitor) {
		if !s.calls.moderate(v.Login) {
			w.Header().Set("Retry-After", "1") // when there is room for ten
			refuse(w, http.StatusTooManyRequests, "You ask too often, in all your browsers and programs together. Wait a second and ask again.")
			return
		}
		next(w, r, v)
	})
}
