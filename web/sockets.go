package web

import (
	"context"
	"errors"
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
	errTooMany    = errors.New("there are too many terminals open already: close some and try again in a minute")
	errTooManyOwn = errors.New("you have too many terminals open already: close one and try again")
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

// end ends those of a browser.
func (s *sockets) end(browser string, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.all {
		if one.browser == browser {
			one.cancel(cause)
		}
	}
}
