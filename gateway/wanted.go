package gateway

import (
	"context"
	"fmt"

	"lectern/course"
	"lectern/gateway/auth"
	"lectern/sandbox"
)

// wanted is a stage that a learner wants to study.
type wanted struct {
	who     auth.Identity
	remote  string // where they are
	course  course.Course
	stage   int
	environ []string // of their terminal
}

// lockedStage is the error of a stage that is not open to the learner yet.
type lockedStage struct{ stage int }

func (l *lockedStage) Error() string {
	return fmt.Sprintf("stage %d is locked: finish stage %d first", l.stage, l.stage-1)
}

// otherStage is the error of a learner who has a sandbox in another stage.
type otherStage struct{ made sandbox.Info }

func (o *otherStage) Error() string {
	return fmt.Sprintf("another connection of yours is in stage %d of %s: in the picker you can go back to it or replace it", o.made.Stage, o.made.CourseID)
}

// acquire gets a learner a sandbox for a stage that is open to them; fresh is set
// where it was made for this. Where they have one already, it must be in that
// stage: another connection may have started another since this one has looked.
func (s *Server) acquire(ctx context.Context, w wanted, report func(sandbox.Phase)) (sb sandbox.Sandbox, fresh bool, err error) {
	records, err := s.Progress.Course(w.who.Login, w.course.ID)
	if err != nil {
		return nil, false, err
	}
	if course.StageState(w.stage, doneIn(records), s.Unlock) == course.Locked {
		return nil, false, &lockedStage{w.stage}
	}
	if refused := s.begins(); refused != nil {
		if _, ok, err := s.lifecycle.Find(ctx, w.who.Login); err != nil || !ok {
			return nil, false, refused // who has a sandbox goes on in it
		}
	}
	id := newSessionID()
	sb, err = s.lifecycle.Acquire(ctx, sandbox.Spec{
		Login: w.who.Login, Session: id, CourseID: w.course.ID, CourseTitle: w.course.Title,
		CourseDir: w.course.Dir, Stage: w.stage, Environ: w.environ,
	}, report)
	if err != nil {
		return nil, false, forLearner(err)
	}
	made := sb.Made()
	if made.Session == id {
		if err := s.recordMade(ctx, w, sb); err != nil {
			return nil, false, err
		}
	}
	if made.CourseID != w.course.ID || made.Stage != w.stage {
		return nil, false, &otherStage{made}
	}
	return sb, made.Session == id, nil
}
