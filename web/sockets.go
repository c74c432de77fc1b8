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
	// mostFarewells is how many that are too many are opened at a time to say so: a
	// page cannot read why a WebSocket does not open. One learner cannot take them
	// all.
	mostFarewells          = 20
	mostFarewellsOfLearner = 2
)

// sockets are the open WebSockets.
type sockets struct {
	mu        sync.Mutex
	all       map[*openSocket]struct{}
	byLogin   map[string]*terminals
	farewells int
}

// terminals are those of a learner who has one, or hears why there is none.
type terminals struct {
	open      int
	farewells int
	typed     *allowance
}

// openSocket is one of them.
type openSocket struct {
	browser, login string
	cancel         context.CancelCauseFunc
}

func newSockets() *sockets {
	return &sockets{all: make(map[*openSocket]struct{}), byLogin: make(map[string]*terminals)}
}

var (
	errTooMany    = sentence("There are too many terminals open here already. Try again in a minute.")
	errTooManyOwn = sentence("You have too many terminals open in browsers already. Close one and try again.")
)

// place is what a socket has here until it leaves.
type place struct {
	leave func()
	typed *allowance // of its learner
}

// enter counts a socket in; cancel ends it. One that is too many is told so, and
// may be opened to be told where it has a place.
func (s *sockets) enter(v visitor, cancel context.CancelCauseFunc) (*place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.byLogin[v.Login]
	if own == nil {
		own = &terminals{typed: newAllowance()}
	}
	switch {
	case len(s.all) >= mostSockets:
		return s.farewell(v.Login, own), errTooMany
	case own.open >= mostSocketsOfLearner:
		return s.farewell(v.Login, own), errTooManyOwn
	}
	one := &openSocket{v.browser.ID, v.Login, cancel}
	s.all[one] = struct{}{}
	s.byLogin[v.Login] = own
	own.open++
	return &place{typed: own.typed, leave: func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, one)
		own.open--
		s.forgetIdle(v.Login, own)
	}}, nil
}

// forgetIdle forgets a learner of whom nothing is open. The lock is held.
func (s *sockets) forgetIdle(login string, own *terminals) {
	if own.open == 0 && own.farewells == 0 {
		delete(s.byLogin, login)
	}
}

// farewell counts in a socket that is opened for its last words, unless there are
// too many of those too. The lock is held.
func (s *sockets) farewell(login string, own *terminals) *place {
	if s.farewells >= mostFarewells || own.farewells >= mostFarewellsOfLearner {
		return nil
	}
	s.byLogin[login] = own
	s.farewells++
	own.farewells++
	return &place{typed: own.typed, leave: func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.farewells--
		own.farewells--
		s.forgetIdle(login, own)
	}}
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
