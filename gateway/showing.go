package gateway

import "strings"

// shows counts the session as one that shows something, until back is called:
// then it shows what it did before. One of an admin stays one. Only the
// session's own goroutine calls it.
func (s *session) shows(kind sessionKind) (back func()) {
	before := s.showing
	if before == asAdmin {
		return func() {}
	}
	s.count(kind)
	return func() { s.count(before) }
}

func (s *session) count(kind sessionKind) {
	if s.showing != "" {
		s.server.metrics.sessions.WithLabelValues(string(s.showing)).Dec()
	}
	if s.showing = kind; kind != "" {
		s.server.metrics.sessions.WithLabelValues(string(kind)).Inc()
	}
}

// cameAs is what a session shows before it has shown anything.
func (s *session) cameAs() sessionKind {
	if strings.EqualFold(s.user, s.server.AdminLogin) {
		return asAdmin
	}
	return inCommand
}
