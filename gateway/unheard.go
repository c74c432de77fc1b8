package gateway

import (
	"sync"

	"lectern/sandbox"
	"lectern/tui"
)

// unheard are the ends of sandboxes that their learners have not been told of,
// since no terminal of theirs was there, as where a laptop slept: the picker says
// so when they come again. What a gateway forgets of it when it ends is a sentence.
type unheard struct {
	mu   sync.Mutex
	ends map[string]end // the newest, by login
}

// end is the one of a sandbox. Its learner and we may hear of it in either order.
type end struct {
	session string
	exit    *sandbox.Exit // nil: the learner has heard of it, and we have not yet
}

// ended keeps an end, unless its learner has heard of it.
func (u *unheard) ended(of sandbox.Info, exit sandbox.Exit) {
	u.mu.Lock()
	defer u.mu.Unlock()
	known := u.ends[of.Login]
	switch {
	case known.session == of.Session && known.exit == nil,
		exit.Reason == replaced, exit.Reason == endedFromPage: // by themselves
		delete(u.ends, of.Login)
	default:
		u.ends[of.Login] = end{of.Session, &exit}
	}
}

// heard notes that a learner has been told how their sandbox has ended.
func (u *unheard) heard(of sandbox.Info) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ends[of.Login].session == of.Session {
		delete(u.ends, of.Login)
	} else {
		u.ends[of.Login] = end{session: of.Session}
	}
}

// take gives the end that a learner has to be told of, once.
func (u *unheard) take(login string) (sandbox.Exit, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	e := u.ends[login]
	if e.exit == nil {
		return sandbox.Exit{}, false
	}
	delete(u.ends, login)
	return *e.exit, true
}

// noticeOfUnheard is what the picker says of it; else what it would say.
func (s *session) noticeOfUnheard(notice tui.Notice) tui.Notice {
	exit, ok := s.server.unheard.take(s.who.Login)
	if !ok || exit.Ending == sandbox.Exited && exit.Code == 0 {
		return notice
	}
	return noticeOfEnd(exit)
}
