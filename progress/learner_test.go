package progress

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"testing"
)

func allLearners(t *testing.T, s *Store) (all []Learner) {
	t.Helper()
	if err := s.Learners(func(l Learner) error { all = append(all, l); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLearners: who has finished something, used something, or both.
func TestLearners(t *testing.T) {
	s := open(t).at(noon)
	if all := allLearners(t, s); len(all) != 0 {
		t.Errorf("an empty store has %v", all)
	}
	complete(t, s, record("bob", "zfs", 2))
	if all := allLearners(t, s); len(all) != 1 || len(all[0].Records) != 1 {
		t.Errorf("without tokens there are %v", all)
	}
	complete(t, s, record("bob", "zfs", 1))
	complete(t, s, record("Bob", "attention", 1))
	complete(t, s, record("dora", "zfs", 1))
	used(t, s, use("1", "bob", noon, 1), use("2", "alice", noon, 2), use("3", "erin", noon, 3))
	s.at(noon.AddDate(0, 0, 1))
	used(t, s, use("4", "alice", s.now(), 4))

	all := allLearners(t, s)
	var logins []string
	for _, l := range all {
		logins = append(logins, l.Login)
	}
	if want := []string{"alice", "bob", "dora", "erin"}; !reflect.DeepEqual(logins, want) {
		t.Fatalf("the learners are %v, want %v", logins, want)
	}
	alice, bob := all[0], all[1]
	days := []Day{{"2026-03-01", use("", "", noon, 2).Tokens}, {"2026-03-02", use("", "", noon, 4).Tokens}}
	if len(alice.Records) != 0 || alice.Total != days[0].Tokens.plus(days[1].Tokens) || !reflect.DeepEqual(alice.Days, days) {
		t.Errorf("alice is %+v", alice)
	}
	var stages []string
	for _, r := range bob.Records {
		stages = append(stages, fmt.Sprint(r.Login, r.Course, r.Stage))
	}
	if want := []string{"bobattention1", "bobzfs1", "bobzfs2"}; !reflect.DeepEqual(stages, want) || bob.Total.Output != 1 {
		t.Errorf("bob has finished %v, want %v, and used %+v", stages, want, bob.Total)
	}

	stop, calls := errors.New("enough"), 0
	err := s.Learners(func(Learner) error {
		calls++
		complete(t, s, record("zoe", "zfs", calls)) // fn may use the store
		return stop
	})
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("after %d calls the error is %v", calls, err)
	}
}

func TestOpenReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lectern.db")
	log := slog.New(slog.DiscardHandler)
	s, err := Open(path, log)
	if err != nil {
		t.Fatal(err)
	}
	complete(t, s, record("alice", "zfs", 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = OpenReadOnly(path, log)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if all := allLearners(t, s); len(all) != 1 || len(all[0].Records) != 1 {
		t.Errorf("there are %v", all)
	}
	if _, err := s.Complete(record("alice", "zfs", 2)); err == nil {
		t.Error("something was recorded")
	}
}
