package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lectern/course"
	"lectern/progress"
	"lectern/proxy/report"
)

// Record makes durable what the proxy tells (report.Gateway). An event that
// makes no sense is logged and dropped, since it would make none the next time.
func (s *Server) Record(_ context.Context, events []report.Event) error {
	var uses []progress.Use
	var refused []report.Event
	var failed error
	for _, e := range events {
		kind := reportedBy(e)
		s.metrics.reports.count(kind)
		switch kind {
		case reportedStage:
			failed = errors.Join(failed, s.modelCompleted(e))
		case reportedTokens:
			uses = append(uses, progress.Use{ID: e.ID, Login: e.Login, At: e.At, Tokens: tokensOf(*e.Used)})
		case reportedRefusal:
			refused = append(refused, e)
		default:
			s.drop(e, "it is neither a completed stage nor a use of tokens nor a refusal")
		}
	}
	err := s.Progress.Use(uses...)
	switch {
	case errors.Is(err, progress.ErrImpossible):
		s.log.Warn("dropped what cannot be right in a report of the proxy", "error", err)
	case err != nil:
		s.log.Error("could not count used tokens", "error", err)
		failed = errors.Join(failed, err)
	}
	if failed == nil { // or they come again
		for _, e := range refused {
			s.recordProxyRefusal(e)
		}
	}
	return failed
}

// ChargedToday is what a learner has used of the budget since midnight UTC
// (report.Gateway).
func (s *Server) ChargedToday(_ context.Context, login string) (int64, error) {
	today, _, err := s.Progress.Usage(login)
	return charged(today), err
}

func tokensOf(u report.Usage) progress.Tokens {
	return progress.Tokens{Input: u.Input, Output: u.Output, CacheRead: u.CacheRead, CacheWrite: u.CacheWrite}
}

func charged(t progress.Tokens) int64 {
	return report.Usage{Input: t.Input, Output: t.Output, CacheRead: t.CacheRead, CacheWrite: t.CacheWrite}.Charged()
}

func (s *Server) drop(e report.Event, reason string) {
	s.metrics.dropped.Inc()
	s.log.Warn("dropped an event of the proxy", "event", clean(e.ID), "login", clean(e.Login),
		"session", clean(e.Session), "course", clean(e.Course), "stage", e.Stage, "reason", reason)
}

// modelCompleted makes a stage durable that the model has called complete, and
// tells the learner.
func (s *Server) modelCompleted(e report.Event) error {
	c, ok := s.Courses.ByID(e.Course)
	if !ok || e.Stage < 1 || e.Stage > len(c.Stages) {
		s.drop(e, "there is no such stage")
		return nil
	}
	// A model may name any stage; the one that was taught is the token's.
	wholeCourse := e.Completed.Stage == 0 && e.Stage == len(c.Stages)
	if e.Completed.Stage != e.Stage && !wholeCourse {
		s.drop(e, fmt.Sprintf("the marker names stage %d", e.Completed.Stage))
		return nil
	}
	records, err := s.Progress.Course(e.Login, c.ID)
	if err != nil {
		s.log.Error("could not look up the progress of a learner", "login", clean(e.Login), "error", err)
		return err
	}
	if course.StageState(e.Stage, doneIn(records), s.Unlock) == course.Locked {
		s.drop(e, "the stage is locked for this learner")
		return nil
	}
	recorded, err := s.complete(progress.Record{
		Login: e.Login, Course: c.ID, Stage: e.Stage, CompletedAt: time.Now().UTC(),
		Session: e.Session, Evidence: progress.Model,
	})
	if recorded {
		s.tellCompleted(e)
	}
	return err
}

// tellingFor is how long it may take to reach a sandbox with a word.
const tellingFor = 10 * time.Second

// tellCompleted shows a learner in their sandbox that the stage is recorded.
// The proxy holds the model's words back until Record returns, so that does not
// wait for the sandbox.
func (s *Server) tellCompleted(e report.Event) {
	if !s.enter() {
		return // everybody is saying goodbye
	}
	go func() {
		defer s.leave()
		ctx, cancel := context.WithTimeout(s.ctx, tellingFor)
		defer cancel()
		sb, ok, err := s.lifecycle.Find(ctx, e.Login)
		if err == nil && ok && sb.Made().Session == e.Session {
			err = sb.Tell(ctx, fmt.Sprintf("✓ Stage %d complete", e.Stage))
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("could not tell a learner of a completed stage", "login", e.Login, "session", e.Session, "error", err)
		}
	}()
}
