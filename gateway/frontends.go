package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"lectern/course"
	"lectern/gateway/auth"
	"lectern/sandbox"
	"lectern/web/api"
)

// What the browser page and other front ends ask of the gateway (api.Gateway).
// They act for a learner who has signed in, and may do what that one may.

// Still is api.Gateway's.
func (s *Server) Still(ctx context.Context, who auth.Identity) (auth.Identity, error) {
	now, err := s.Directory.Still(ctx, who)
	var denied *auth.Denied
	switch {
	case err == nil || !errors.As(err, &denied):
		return now, err
	case auth.Passing(err):
		return now, &api.Refused{Kind: api.Unavailable, Detail: denied.Message}
	}
	return now, &api.Refused{Kind: api.Unwelcome, Detail: denied.Message}
}

// Catalogue is api.Gateway's.
func (s *Server) Catalogue(login string) ([]api.Course, error) {
	finished, err := s.Progress.Learner(login)
	if err != nil {
		return nil, err
	}
	courses := []api.Course{}
	for _, c := range s.Courses.All() {
		view := api.Course{ID: c.ID, Title: c.Title, Description: c.Description, Stages: []api.Stage{}}
		done := doneIn(finished[c.ID])
		for _, stage := range c.Stages {
			v := api.Stage{Number: stage.Number, Title: stage.Name(), State: string(course.StageState(stage.Number, done, s.Unlock))}
			if done(stage.Number) {
				at := recordOf(finished[c.ID], stage.Number).CompletedAt
				v.CompletedAt = &at
			}
			view.Stages = append(view.Stages, v)
		}
		courses = append(courses, view)
	}
	return courses, nil
}

// ProgressOf is api.Gateway's.
func (s *Server) ProgressOf(login string) ([]api.Progress, error) {
	finished, err := s.Progress.Learner(login)
	if err != nil {
		return nil, err
	}
	list := []api.Progress{}
	for _, c := range s.Courses.All() {
		p := progressOf(c, finished[c.ID], s.Unlock)
		view := api.Progress{
			CourseID: c.ID, Title: c.Title, CompletedStages: []api.CompletedStage{},
			UnlockedStages: p.UnlockedStages, Complete: p.IsCourseComplete,
		}
		for _, done := range p.CompletedStages {
			view.CompletedStages = append(view.CompletedStages, api.CompletedStage{
				Number: done.StageNumber, CompletedAt: done.CompletedAt, Evidence: string(done.Evidence),
			})
		}
		list = append(list, view)
	}
	return list, nil
}

// Sessions is api.Gateway's.
func (s *Server) Sessions(ctx context.Context, login string) ([]api.Session, error) {
	views, err := s.roomOf(ctx, login)
	if err != nil {
		return nil, err
	}
	list := []api.Session{}
	for _, v := range views {
		list = append(list, api.Session{
			ID: v.Session, Login: v.Login, Pod: v.Sandbox, Status: string(v.State), CourseID: v.Course, CourseTitle: v.CourseTitle,
			Stage: v.Stage, StageTitle: v.StageTitle, StartedAt: v.Since, ExpiresAt: v.Expires,
		})
	}
	return list, nil
}

// sessionOf finds a session of a learner by asking for theirs alone: a whole class
// may come back at the same moment.
func (s *Server) sessionOf(ctx context.Context, login, session string) (sandbox.Sandbox, error) {
	sb, ok, err := s.lifecycle.Find(ctx, login)
	switch {
	case err != nil:
		return nil, err
	case !ok || sb.Made().Session != session:
		return nil, sandbox.ErrGone
	}
	return sb, nil
}

// Start is api.Gateway's.
func (s *Server) Start(ctx context.Context, who auth.Identity, from net.Addr, courseName string, stage int) (api.Started, error) {
	var none api.Started
	if !s.enter() {
		return none, &api.Refused{Kind: api.Unavailable, Detail: restarting}
	}
	defer s.leave()
	c, err := s.Courses.Find(courseName)
	if err != nil {
		return none, &api.Refused{Kind: api.NotFound, Detail: asSentence(err)}
	}
	if stage == 0 {
		if stage, err = s.firstOpen(who.Login, c); err != nil {
			return none, err
		}
	}
	if stage < 1 || stage > len(c.Stages) {
		return none, &api.Refused{Kind: api.NotFound, Detail: fmt.Sprintf("%s has stages 1 to %d, and %d is none of them.", c.ID, len(c.Stages), stage)}
	}
	sb, fresh, err := s.acquire(ctx, wanted{
		who: who, remote: from.String(), course: c, stage: stage, environ: []string{"TERM=xterm-256color", "COLORTERM=truecolor"},
	}, func(sandbox.Phase) {})
	var unavailable *sandbox.Unavailable
	var locked *lockedStage
	var elsewhere *otherStage
	switch {
	case errors.As(err, &unavailable):
		return none, &api.Refused{Kind: api.Unavailable, Detail: unavailable.Reason}
	case errors.Is(err, errNoTrail):
		return none, &api.Refused{Kind: api.Unavailable, Detail: withoutTrail}
	case errors.As(err, &locked), errors.As(err, &elsewhere):
		return none, &api.Refused{Kind: api.Conflict, Detail: asSentence(err)}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return none, &api.Refused{Kind: api.Unavailable, Detail: "All places are taken. Try again in a minute."}
	case err != nil:
		return none, err
	}
	made := sb.Made()
	if fresh {
		s.unseen.add(made.Session)
	}
	return api.Started{
		ID: made.Session, Pod: sandbox.Name(made.Login), Status: "running", CourseID: made.CourseID, Stage: made.Stage, Reused: !fresh,
	}, nil
}

// End is api.Gateway's. An admin may end anybody's session, a learner their own.
func (s *Server) End(ctx context.Context, who auth.Identity, from net.Addr, session string) error {
	gone := &api.Refused{Kind: api.NotFound, Detail: "There is no such session. It may have ended."}
	if !s.enter() {
		return &api.Refused{Kind: api.Unavailable, Detail: restarting}
	}
	defer s.leave()
	sb, err := s.sessionOf(ctx, who.Login, session)
	switch {
	case err == nil:
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killingFor)
		defer cancel()
		s.recordEndedBy(who, from, sb)
		err = sb.Kill(ctx, endedFromPage)
	case who.Admin:
		err = admin{server: s, who: who, remote: from.String()}.kill(ctx, session, "")
	}
	var noAdmin *NoLongerAdmin
	if errors.As(err, &noAdmin) {
		return gone
	}
	if errors.Is(err, errEnded) || errors.Is(err, sandbox.ErrGone) {
		return gone
	}
	return err
}

// asSentence gives an error the form of one.
func asSentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// Recorded is api.Gateway's.
func (s *Server) Recorded() bool { return s.Recorder != nil }
