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
	followers map[string]map[chan api.News]struct{} // by login
}

// mostUnread is how much of the newest is kept for one who does not look.
const mostUnread = 32

// Follow is api.Gateway's.
func (s *Server) Follow(login string) (<-chan api.News, func()) {
	follower := make(chan api.News, mostUnread)
	n := &s.news
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.followers[login] == nil {
		n.followers[login] = make(map[chan api.News]struct{})
	}
	n.followers[login][follower] = struct{}{}
	return follower, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if delete(n.followers[login], follower); len(n.followers[login]) == 0 {
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

func (n *news) tell(login string, items ...api.News) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for follower := range n.followers[login] {
		for _, item := range items {
			select {
			case follower <- item:
				continue
			default:
			}
			select { // make room by the oldest; only this fills the channel
			case <-follower:
			default:
			}
			follower <- item
		}
	}
}

// joined tells that a learner is in a sandbox. The first one to come there comes
// to a lesson that begins by itself.
func (s *Server) joined(of sandbox.Info, first bool) {
	v := s.placeOf(sessionView{Course: of.CourseID, Stage: of.Stage})
	items := []api.News{{Type: api.Place, Course: v.Course, CourseTitle: v.CourseTitle, Stage: v.Stage, Session: of.Session}}
	if first {
		items = append(items, api.News{Type: api.AutoStart, Course: v.Course, Stage: v.Stage})
	}
	s.news.tell(of.Login, items...)
}

// left tells that a learner is back in the picker.
func (s *Server) left(login string) { s.news.tell(login, api.News{Type: api.Place}) }

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
