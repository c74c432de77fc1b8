package web

import (
	"context"
	"sync"
)

const (
	// mostSocketsOfLearner is more terminals than a person looks at.
	mostSocketsOfLearner = 10
	// mostSockets bounds them all.
	mostSockets = 500
)

// sockets are the open WebSockets.
type sockets struct {
	mu      sync.Mutex
	all     map[*openSocket]struct{}
	byLogin map[string]int
}

// openSocket is one of them.
type openSocket struct {
	browser, login string
	cancel         context.CancelCauseFunc
}

func newSockets() *sockets {
	return &sockets{all: make(map[*openSocket]struct{}), byLogin: make(map[string]int)}
}

var (
	errTooMany    = sentence("There are too many terminals open here already. Try again in a minute.")
	errTooManyOwn = sentence("You have too many terminals open in browsers already. Close one and try again.")
)

// enter counts a socket in, which leave counts out; cancel ends it.
func (s *sockets) enter(v visitor, cancel context.CancelCauseFunc) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.all) >= mostSockets:
		return nil, errTooMany
	case s.byLogin[v.Login] >= mostSocketsOfLearner:
		return nil, errTooManyOwn
	}
	one := &openSocket{v.browser.ID, v.Login, cancel}
	s.all[one] = struct{}{}
	s.byLogin[v.Login]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, one)
		if s.byLogin[v.Login]--; s.byLogin[v.Login] == 0 {
			delete(s.byLogin, v.Login)
		}
	}, nil
}

// count is how many there are.
func (s *sockets) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// end ends those of a learner's browser.
func (s *sockets) end(login, browser string, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.all {
		if one.login == login && one.browser == browser {
			one.cancel(cause)
		}
	}
}
