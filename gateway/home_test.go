package gateway

import (
	"log/slog"
	"path/filepath"
	"testing"

	"lectern/course"
	"lectern/progress"
	"lectern/sandbox"
	"lectern/sandbox/event"
)

// TestStagesAreNumberedOnce: the picker puts the number before the title.
func TestStagesAreNumberedOnce(t *testing.T) {
	c := course.Course{Stages: []course.Stage{{Number: 1, Title: "Stage 1: Why the sea rises"}}}
	if got := viewOf(c, nil, course.Sequential).Stages[0].Title; got != "Why the sea rises" {
		t.Errorf("the picker is given %q", got)
	}
}

// TestOnlyTheProxySpeaksForAModel: where a model teaches, whatever runs in the
// sandbox could say by itself that the stage is done.
func TestOnlyTheProxySpeaksForAModel(t *testing.T) {
	store, err := progress.Open(filepath.Join(t.TempDir(), "lectern.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s := &Server{Options: Options{Progress: store}, metrics: newMetrics(), log: slog.New(slog.DiscardHandler)}
	said := event.Message{Type: event.Completed, ID: "1", Stage: 1}
	for _, asksModel := range []bool{true, false} {
		of := sandbox.Info{Login: "ada", CourseID: "only", Stage: 1, Session: "s", AsksModel: asksModel}
		if err := s.completed(t.Context(), of, said); err != nil {
			t.Fatal(err)
		}
		records, err := store.Course("ada", "only")
		if err != nil || (len(records) == 0) != asksModel {
			t.Errorf("where the tutor asks a model is %v: %v, %v", asksModel, records, err)
		}
	}
}

// TestImpossibleCompletionIsNotRepeated: an error would bring it again and
// again, and it would never become possible.
func TestImpossibleCompletionIsNotRepeated(t *testing.T) {
	store, err := progress.Open(filepath.Join(t.TempDir(), "lectern.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Options: Options{Progress: store}, metrics: newMetrics(), log: slog.New(slog.DiscardHandler)}
	of := sandbox.Info{Login: "ada", CourseID: "only", Stage: 1, Session: "s"}
	impossible := event.Message{Type: event.Completed, Stage: 1, Score: 5, Questions: 2}
	if err := s.completed(t.Context(), of, impossible); err != nil {
		t.Errorf("an impossible score: %v", err)
	}
	if records, err := store.Course("ada", "only"); err != nil || len(records) != 0 {
		t.Errorf("it was recorded: %v, %v", records, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	// What may become possible is asked for again.
	possible := event.Message{Type: event.Completed, Stage: 1, Score: 2, Questions: 2}
	if err := s.completed(t.Context(), of, possible); err == nil {
		t.Error("a record that was not stored counts as done")
	}
}
