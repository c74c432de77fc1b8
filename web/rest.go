package web

import (
	"context"
	_ "embed"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lectern/web/api"
)

// The calls about courses, sessions and progress. Learners see their own and
// admins all; of others' not even that they are there.

//go:embed openapi.yaml
var openAPI []byte

func (s *Server) description(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openAPI)
}

func (s *Server) courses(w http.ResponseWriter, r *http.Request, v visitor) {
	courses, err := s.gateway.Catalogue(v.Login)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, courses)
}

// sessionsOf are those that a visitor may see.
func (s *Server) sessionsOf(ctx context.Context, v visitor) ([]api.Session, error) {
	login := v.Login
	if v.Admin {
		login = ""
	}
	return s.gateway.Sessions(ctx, login)
}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request, v visitor) {
	sessions, err := s.sessionsOf(r.Context(), v)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, sessions)
}

// session finds the one that a path names, or answers that there is none.
func (s *Server) session(w http.ResponseWriter, r *http.Request, v visitor) (found api.Session, ok bool) {
	sessions, err := s.sessionsOf(r.Context(), v)
	if err != nil {
		s.fail(w, r, err)
		return found, false
	}
	for _, one := range sessions {
		if one.ID == r.PathValue("id") {
			return one, true
		}
	}
	refuse(w, http.StatusNotFound, "There is no such session. It may have ended.")
	return found, false
}

func (s *Server) oneSession(w http.ResponseWriter, r *http.Request, v visitor) {
	if found, ok := s.session(w, r, v); ok {
		answer(w, http.StatusOK, found)
	}
}

// startLimit is how long a call may wait for a place.
const startLimit = 90 * time.Second

// startSession gets the caller a sandbox. It takes the fields of the system
// before too: courseUrl, userId, resumeStage.
func (s *Server) startSession(w http.ResponseWriter, r *http.Request, v visitor) {
	var wish struct {
		Course      string `json:"course"`
		CourseURL   string `json:"courseUrl"`
		Stage       int    `json:"stage"`
		ResumeStage int    `json:"resumeStage"`
		UserID      string `json:"userId"`
	}
	if !s.readJSON(w, r, &wish) {
		return
	}
	if wish.UserID != "" && !strings.EqualFold(wish.UserID, v.Login) {
		refuse(w, http.StatusForbidden, "You can start sessions for yourself only: leave userId out.")
		return
	}
	if wish.Course == "" {
		wish.Course = courseOfURL(wish.CourseURL)
	}
	if wish.Course == "" {
		detail := "Name a course, by its id: course."
		if wish.CourseURL != "" {
			detail = "There is no repository in courseUrl. Name the course by its id instead: course."
		}
		refuse(w, http.StatusBadRequest, detail)
		return
	}
	if wish.Stage == 0 {
		wish.Stage = wish.ResumeStage
	}
	ctx, cancel := context.WithTimeout(r.Context(), startLimit)
	defer cancel()
	started, err := s.gateway.Start(ctx, v.Identity, tcpAddr(s.from(r)), wish.Course, wish.Stage)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	status := http.StatusCreated
	if started.Reused {
		status = http.StatusOK
	}
	w.Header().Set("Location", "/api/sessions/"+started.ID)
	answer(w, status, started)
}

// courseOfURL is the id that the system before made of the address of a course:
// what is behind owner, repository and branch, joined by hyphens. Where nothing is,
// it had none; the repository is what operators name the folder after.
func courseOfURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text // an id
	}
	parts := strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
	if len(parts) > 2 && (parts[2] == "tree" || parts[2] == "blob") {
		parts = append(parts[:2], parts[3:]...)
	}
	if len(parts) < 2 {
		return ""
	}
	if last := len(parts) - 1; last > 2 && strings.EqualFold(parts[last], "CLAUDE.md") {
		parts = parts[:last]
	}
	if len(parts) < 4 {
		return strings.ToLower(strings.TrimSuffix(parts[1], ".git"))
	}
	return strings.ToLower(strings.Join(parts[3:], "-"))
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request, v visitor) {
	if err := s.gateway.End(r.Context(), v.Identity, tcpAddr(s.from(r)), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// stagesOfSession are the stages of its course, as its learner has them.
func (s *Server) stagesOfSession(w http.ResponseWriter, r *http.Request, v visitor) {
	found, ok := s.session(w, r, v)
	if !ok {
		return
	}
	courses, err := s.gateway.Catalogue(found.Login)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, c := range courses {
		if c.ID == found.CourseID {
			answer(w, http.StatusOK, c)
			return
		}
	}
	refuse(w, http.StatusNotFound, "The course of this session is not here any more.")
}

// progressOfLogin is what a visitor may see of a learner's, or answers why not.
func (s *Server) progressOfLogin(w http.ResponseWriter, r *http.Request, v visitor) ([]api.Progress, bool) {
	login := strings.ToLower(r.PathValue("login"))
	if login != v.Login && !v.Admin {
		refuse(w, http.StatusForbidden, "You can see your own progress only.")
		return nil, false
	}
	list, err := s.gateway.ProgressOf(login)
	if err != nil {
		s.fail(w, r, err)
		return nil, false
	}
	return list, true
}

func (s *Server) progress(w http.ResponseWriter, r *http.Request, v visitor) {
	if list, ok := s.progressOfLogin(w, r, v); ok {
		answer(w, http.StatusOK, list)
	}
}

func (s *Server) progressOfCourse(w http.ResponseWriter, r *http.Request, v visitor) {
	list, ok := s.progressOfLogin(w, r, v)
	if !ok {
		return
	}
	for _, p := range list {
		if p.CourseID == r.PathValue("course") {
			answer(w, http.StatusOK, p)
			return
		}
	}
	refuse(w, http.StatusNotFound, "There is no such course.")
}
