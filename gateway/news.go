package gateway

import (
	"sync"

	"lectern/course"
	"lectern/sandbox"
	"lectern/web/api"
)

// news tells those who follow a learner what happens to them, as the browser
// page does beside the terminal. Nothing depends on it: what it tells can all be
// looked up.
type news struct {
	mu        sync.Mutex
	followers map[string]map[follower]struct{} // by login
}

// follower is one of them. It misses the oldest where it does not look.
type follower chan api.News

// mostUnread is how much of the newest is kept for one who does not look.
const mostUnread = 32

// follow makes a follower of a learner, until stop.
func (n *news) follow(login string) (f follower, stop func()) {
	f = make(follower, mostUnread)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.followers[login] == nil {
		n.followers[login] = make(map[follower]struct{})
	}
	n.followers[login][f] = struct{}{}
	return f, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if delete(n.followers[login], f); len(n.followers[login]) == 0 {
			delete(n.followers, login)
		}
	}
}

// followed tells whether anybody listens.
func (n *news) followed(login string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.followers[login]) > 0
}

// tell tells all followers of a learner.
func (n *news) tell(login string, items ...api.News) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for f := range n.followers[login] {
		f.take(items)
	}
}

// tellOne tells one.
func (n *news) tellOne(f follower, items ...api.News) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f.take(items)
}

// take makes room for what is newer by the oldest. Nothing else fills the
// channel, since the lock of the news is held.
func (f follower) take(items []api.News) {
	for _, item := range items {
		select {
		case f <- item:
			continue
		default:
		}
		select {
		case <-f:
		default:
		}
		f <- item
	}
}

// tellPlace tells the page whose terminal this is where that leads to. To other
// pages of the learner it is no news: what they show is elsewhere.
func (s *session) tellPlace(items ...api.News) {
	if s.page != nil {
		s.server.news.tellOne(s.page, items...)
	}
}

// tellJoined tells that the terminal is in a sandbox. The first one to come
// there comes to a lesson that begins by itself.
func (s *session) tellJoined(of sandbox.Info, epoch int, how joining) {
	first := s.server.unseen.take(of.Session) || how == firstJoin
	v := s.server.placeOf(sessionView{Course: of.CourseID, Stage: of.Stage})
	items := []api.News{{Type: api.Place, Course: v.Course, CourseTitle: v.CourseTitle, Stage: v.Stage, Session: of.Session, Epoch: epoch}}
	if first {
		items = append(items, api.News{Type: api.AutoStart, Course: v.Course, Stage: v.Stage})
	}
	s.tellPlace(items...)
}

// tellLeft tells that it is back in the picker.
func (s *session) tellLeft() { s.tellPlace(api.News{Type: api.Place}) }

// tellNews tells that a stage is complete, and what that opens.
func (s *Server) tellNews(login, courseID string, stage int) {
	if !s.news.followed(login) {
		return
	}
	items := []api.News{{Type: api.StageComplete, Course: courseID, Stage: stage}}
	c, ok := s.Courses.ByID(courseID)
	records, err := s.Progress.Course(login, courseID)
	if ok && err == nil {
		next := stage + 1
		if next <= len(c.Stages) && course.StageState(next, doneIn(records), s.Unlock) == course.Open {
			items = append(items, api.News{Type: api.StageUnlocked, Course: courseID, Stage: next})
		}
		if countDone(c, records) == len(c.Stages) {
			items = append(items, api.News{Type: api.CourseComplete, Course: courseID})
		}
	}
	s.news.tell(login, items...)
}

// unseen are the sandboxes that a front end has started and that no terminal has
// joined yet. What a gateway forgets of it when it ends is that a lesson which
// begins is to be announced.
type unseen struct {
	mu       sync.Mutex
	sessions map[string]struct{}
}

func (u *unseen) add(session string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sessions[session] = struct{}{}
}

// take forgets a session and tells whether it was there.
func (u *unseen) take(session string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, there := u.sessions[session]
	delete(u.sessions, session)
	return there
}
