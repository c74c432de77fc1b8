package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lectern/sandbox"
)

// sessionState is where a session stands.
type sessionState string

// The states. The first two are of those who have no sandbox yet.
const (
	stateQueued    sessionState = "queued"
	stateStarting  sessionState = "starting"
	stateConnected sessionState = "connected"
	stateDetached  sessionState = "detached"
	stateSilent    sessionState = "silent" // its sandbox does not answer
)

// sessionView is one session as those who look after all of them see it, in the
// words of the command sessions --json.
type sessionView struct {
	Session     string       `json:"session"`
	Login       string       `json:"login"`
	Course      string       `json:"course"`
	CourseTitle string       `json:"courseTitle"`
	Stage       int          `json:"stage"`
	StageTitle  string       `json:"stageTitle,omitempty"`
	State       sessionState `json:"state"`
	// Since is when they came to the queue, or got the sandbox.
	Since      time.Time  `json:"since"`
	Expires    *time.Time `json:"expires,omitempty"`
	LastInput  *time.Time `json:"lastInput,omitempty"`
	DetachedAt *time.Time `json:"detachedAt,omitempty"`
	// Position in the queue, from 1.
	Position int `json:"position,omitempty"`
	// Phase of a start.
	Phase string `json:"phase,omitempty"`
	// Place is where the sandbox runs, and Sandbox its name there.
	Place   string `json:"place,omitempty"`
	Sandbox string `json:"sandbox,omitempty"`
	// Tokens that the learner has been charged today, in all their sessions.
	Tokens  int64    `json:"tokensToday"`
	Watched []string `json:"watchedBy,omitempty"`
}

// room is everything that is going on: first the sessions that are there, in the
// order in which they began, then those that wait, in theirs. It is asked of the
// sandboxes, whichever gateway's connections they have.
func (s *Server) room(ctx context.Context) ([]sessionView, error) {
	live, err := s.lifecycle.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the sessions: %w", err)
	}
	return s.views(live, s.lifecycle.Arrivals())
}

// roomOf is what of it is one learner's, of whose sandbox alone is asked; of all
// where login is empty.
func (s *Server) roomOf(ctx context.Context, login string) ([]sessionView, error) {
	if login == "" {
		return s.room(ctx)
	}
	sb, ok, err := s.lifecycle.Find(ctx, login)
	if err != nil {
		return nil, fmt.Errorf("look for the session: %w", err)
	}
	var own []sandbox.Info
	if ok {
		info, err := sb.Info(ctx)
		switch {
		case err == nil, info.Silent:
			own = append(own, info)
		case !errors.Is(err, sandbox.ErrGone):
			return nil, fmt.Errorf("look at the session: %w", err)
		}
	}
	arrivals := slices.DeleteFunc(s.lifecycle.Arrivals(), func(a sandbox.Arrival) bool { return a.Login != login })
	return s.views(own, arrivals)
}

// views puts together what is told of sandboxes and of those who are on their way.
func (s *Server) views(live []sandbox.Info, arrivals []sandbox.Arrival) ([]sessionView, error) {
	waits := make(map[string]bool, len(arrivals))
	for _, a := range arrivals {
		waits[a.Login] = true
	}
	views := make([]sessionView, 0, len(live))
	there := make(map[string]bool, len(live))
	making := make(map[string]sandbox.Info) // by login: a Backend may list them already
	for _, info := range live {
		if info.Epoch == 0 && waits[info.Login] {
			making[info.Login] = info
			continue
		}
		there[info.Login] = true
		v := s.viewOf(info)
		var err error
		if v.Tokens, err = s.tokensToday(info.Login); err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	for _, a := range arrivals {
		if there[a.Login] {
			continue // it has just become ready, or is on its way back in
		}
		there[a.Login] = true // once, from however many terminals they wait
		v := s.placeOf(sessionView{
			Session: a.Session, Login: a.Login, Course: a.CourseID, Stage: a.Stage, Since: a.Since,
			State: stateStarting, Phase: inWords(a.Phase).Name,
		})
		if info, listed := making[a.Login]; listed {
			v.Session, v.Place, v.Sandbox = info.Session, info.Place, sandbox.Name(info.Login)
		} else if a.Phase.Kind == sandbox.Queued {
			v.State, v.Position = stateQueued, a.Phase.Position
		}
		var err error
		if v.Tokens, err = s.tokensToday(a.Login); err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

func (s *Server) viewOf(info sandbox.Info) sessionView {
	v := s.placeOf(sessionView{
		Session: info.Session, Login: info.Login, Course: info.CourseID, Stage: info.Stage, Since: info.Started,
		Expires: known(info.Expires), LastInput: known(info.LastInput), DetachedAt: known(info.DetachedAt),
		Place: info.Place, Sandbox: sandbox.Name(info.Login), Watched: info.Watched,
	})
	switch {
	case info.Silent:
		v.State = stateSilent
	case info.Attached:
		v.State = stateConnected
	default:
		v.State = stateDetached
	}
	return v
}

// placeOf adds what course and stage are called.
func (s *Server) placeOf(v sessionView) sessionView {
	v.CourseTitle = v.Course
	c, ok := s.Courses.ByID(v.Course)
	if !ok {
		return v
	}
	v.CourseTitle = c.Title
	if v.Stage >= 1 && v.Stage <= len(c.Stages) {
		v.StageTitle = c.Stages[v.Stage-1].Name()
	}
	return v
}

func (s *Server) tokensToday(login string) (int64, error) {
	today, _, err := s.Progress.Usage(login)
	if err != nil {
		return 0, fmt.Errorf("read what %s has used: %w", clean(login), err)
	}
	return charged(today), nil
}

// known is nil for a time that nobody knows.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
