package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"lectern/course"
	"lectern/progress"
	"lectern/sandbox"
	"lectern/sandbox/event"
	"lectern/tui"
)

// home puts together what the picker shows a learner.
func (s *Server) home(ctx context.Context, login string) (tui.Home, error) {
	finished, err := s.Progress.Learner(login)
	if err != nil {
		return tui.Home{}, fmt.Errorf("read your progress: %w", err)
	}
	tokens, err := s.usageOf(login)
	if err != nil {
		return tui.Home{}, fmt.Errorf("read what you have used: %w", err)
	}
	home := tui.Home{Login: login, Tokens: tokens.inPicker(), Recorded: s.Recorder != nil}
	for _, c := range s.Courses.All() {
		home.Courses = append(home.Courses, viewOf(c, finished[c.ID], s.Unlock))
	}
	running, ok, err := s.lifecycle.Find(ctx, login)
	if err != nil {
		return home, fmt.Errorf("look for your session: %w", err)
	}
	if !ok {
		return home, nil
	}
	info, err := running.Info(ctx)
	if err != nil {
		return home, nil // it has just ended
	}
	home.Running = &tui.Session{
		CourseID: info.CourseID, CourseTitle: info.CourseID, Stage: info.Stage,
		Since: info.Started, Expires: info.Expires, Attached: info.Attached,
	}
	if c, ok := s.Courses.ByID(info.CourseID); ok {
		home.Running.CourseTitle = c.Title
		if info.Stage >= 1 && info.Stage <= len(c.Stages) {
			home.Running.StageTitle = c.Stages[info.Stage-1].Name()
		}
	}
	return home, nil
}

func viewOf(c course.Course, records []progress.Record, unlock course.Unlock) tui.Course {
	view := tui.Course{ID: c.ID, Title: c.Title, Description: c.Description, Authors: c.Authors}
	done := doneIn(records)
	for _, stage := range c.Stages {
		v := tui.Stage{
			Number: stage.Number, Title: stage.Name(), Description: stage.Description, Questions: len(stage.Questions),
		}
		for _, concept := range stage.Concepts {
			v.Concepts = append(v.Concepts, concept.Title)
		}
		switch course.StageState(stage.Number, done, unlock) {
		case course.Done:
			v.State = tui.Done
			v.DoneAt = recordOf(records, stage.Number).CompletedAt.Local()
		case course.Locked:
			v.State = tui.Locked
		}
		view.Stages = append(view.Stages, v)
	}
	return view
}

func doneIn(records []progress.Record) func(stage int) bool {
	return func(stage int) bool { return recordOf(records, stage).Stage == stage && stage > 0 }
}

func recordOf(records []progress.Record, stage int) progress.Record {
	for _, r := range records {
		if r.Stage == stage {
			return r
		}
	}
	return progress.Record{}
}

// completed makes a stage that the tutor graded durable. Only then does the
// tutor tell the learner.
func (s *Server) completed(_ context.Context, of sandbox.Info, m event.Message) error {
	if m.Stage != of.Stage {
		s.log.Warn("a tutor reported another stage than its own", "session", of.Session, "stage", of.Stage, "reported", m.Stage)
		return nil // repeating it would not make it right
	}
	if of.AsksModel {
		s.log.Warn("a sandbox whose tutor asks a model reported a completed stage itself, which only the API proxy may: it has been tampered with",
			"login", clean(of.Login), "session", of.Session, "course", of.CourseID, "stage", of.Stage)
		return nil
	}
	_, err := s.complete(progress.Record{
		Login: of.Login, Course: of.CourseID, Stage: of.Stage, CompletedAt: time.Now().UTC(),
		Session: of.Session, Evidence: progress.Quiz, Score: m.Score, Questions: m.Questions,
	})
	return err
}

// complete makes a stage durable. An error means that it is worth trying again;
// recorded is true where the stage was not complete before.
func (s *Server) complete(r progress.Record) (recorded bool, err error) {
	log := s.log.With("login", clean(r.Login), "course", r.Course, "stage", r.Stage, "session", clean(r.Session), "evidence", r.Evidence)
	recorded, err = s.Progress.Complete(r)
	switch {
	case errors.Is(err, progress.ErrImpossible):
		log.Error("was told of a finished stage that cannot be recorded", "error", err)
		return false, nil // repeating it would not make it possible
	case err != nil:
		log.Error("could not record a finished stage", "error", err)
		return false, err
	}
	if recorded {
		s.metrics.completed.count(r.Evidence)
		log.Info("stage completed")
		s.recordCompleted(r)
		s.tellNews(r.Login, r.Course, r.Stage)
	}
	return recorded, nil
}

func (s *Server) ended(of sandbox.Info, exit sandbox.Exit) {
	s.metrics.countEnd(exit)
	s.unseen.take(of.Session)
	s.unheard.ended(of, exit)
	s.log.Info("sandbox ended", "login", of.Login, "session", of.Session, "ending", exit.Ending, "status", exit.Code)
	if !s.enter() { // nobody would wait for it
		s.recordEnd(of, exit)
		return
	}
	// Whoever tells of it tells of all sandboxes, and must not wait for the disk.
	go func() {
		defer s.leave()
		s.recordEnd(of, exit)
	}()
}

// newSessionID names a session among all that ever were.
func newSessionID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
