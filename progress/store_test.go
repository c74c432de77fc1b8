package progress

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"lectern/internal/boltfile"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func open(t testing.TB) *Store {
	t.Helper()
	return openWith(t, slog.New(slog.DiscardHandler))
}

func openWith(t testing.TB, log *slog.Logger) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "lectern.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func record(login, course string, stage int) Record {
	return Record{Login: login, Course: course, Stage: stage, CompletedAt: noon, Session: "s-1", Evidence: Model}
}

func complete(t testing.TB, s *Store, records ...Record) {
	t.Helper()
	for _, r := range records {
		if _, err := s.Complete(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCompleteAndRead(t *testing.T) {
	s := open(t)
	quiz := Record{Login: "Alice", Course: "zfs", Stage: 300, CompletedAt: noon.In(time.FixedZone("there", 3600)), Session: "s-9", Evidence: Quiz, Score: 3, Questions: 4}
	complete(t, s, quiz, record("alice", "zfs", 2), record("ALICE", "한국어", 1), record("bob", "zfs", 1))
	quiz.Login, quiz.CompletedAt = "alice", noon
	zfs := []Record{record("alice", "zfs", 2), quiz}
	korean := []Record{record("alice", "한국어", 1)}

	for _, login := range []string{"alice", "Alice"} {
		if got, err := s.Course(login, "zfs"); err != nil || !reflect.DeepEqual(got, zfs) {
			t.Errorf("Course(%s) = %v, %v", login, got, err)
		}
		want := map[string][]Record{"zfs": zfs, "한국어": korean}
		if got, err := s.Learner(login); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Learner(%s) = %v, %v", login, got, err)
		}
	}
	var all []Record
	if err := s.All(func(r Record) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	want := append(append(append([]Record{}, zfs...), korean...), record("bob", "zfs", 1))
	if !reflect.DeepEqual(all, want) {
		t.Errorf("All = %v", all)
	}
}

func TestNothingThere(t *testing.T) {
	s := open(t)
	expect := func() {
		t.Helper()
		for _, pair := range [][2]string{{"nobody", "zfs"}, {"", ""}, {"bob", ""}, {"bob", "zfs2"}} {
			if got, err := s.Course(pair[0], pair[1]); err != nil || len(got) != 0 {
				t.Errorf("Course(%q) = %v, %v", pair, got, err)
			}
		}
		if got, err := s.Learner("nobody"); err != nil || got == nil || len(got) != 0 {
			t.Errorf("Learner = %v, %v", got, err)
		}
	}
	expect()
	if err := s.All(func(r Record) error { t.Errorf("record %v", r); return nil }); err != nil {
		t.Error(err)
	}
	complete(t, s, record("bob", "zfs", 1))
	expect()
}

func TestCompleteIsIdempotent(t *testing.T) {
	later := noon.Add(time.Hour)
	cases := []struct {
		first, second, want Evidence
	}{
		{Terminal, Quiz, Quiz},
		{Admin, Model, Model},
		{Model, Quiz, Quiz},
		{Terminal, Admin, Admin},
		{Quiz, Model, Quiz},
		{Model, Terminal, Model},
		{Admin, Admin, Admin},
	}
	for _, c := range cases {
		t.Run(string(c.first+" then "+c.second), func(t *testing.T) {
			s := open(t)
			first := Record{Login: "alice", Course: "zfs", Stage: 1, CompletedAt: noon, Session: "one", Evidence: c.first, Score: 1, Questions: 3}
			second := Record{Login: "Alice", Course: "zfs", Stage: 1, CompletedAt: later, Session: "two", Evidence: c.second, Score: 2, Questions: 3}
			if recorded, err := s.Complete(first); err != nil || !recorded {
				t.Errorf("first: %v, %v", recorded, err)
			}
			if recorded, err := s.Complete(second); err != nil || recorded {
				t.Errorf("second: %v, %v", recorded, err)
			}
			want := first
			if c.want != c.first {
				want = second
				want.Login, want.CompletedAt = "alice", noon
			}
			if got, err := s.Course("alice", "zfs"); err != nil || !reflect.DeepEqual(got, []Record{want}) {
				t.Errorf("stored %v, %v", got, err)
			}
		})
	}
}

func TestCompleteRefuses(t *testing.T) {
	s := open(t)
	cases := map[string]struct {
		change func(*Record)
		want   string
	}{
		"no login":         {func(r *Record) { r.Login = "" }, "login is missing"},
		"long login":       {func(r *Record) { r.Login = strings.Repeat("a", 256) }, "longer than 255 bytes"},
		"no course":        {func(r *Record) { r.Course = "" }, "course is missing"},
		"escape in course": {func(r *Record) { r.Course = "a\x1b[2J" }, `"a\x1b[2J"`},
		"stage 0":          {func(r *Record) { r.Stage = 0 }, "stage 0 does not exist"},
		"stage too high":   {func(r *Record) { r.Stage = 1 << 33 }, "does not exist"},
		"no time":          {func(r *Record) { r.CompletedAt = time.Time{} }, "time of completion"},
		"no evidence":      {func(r *Record) { r.Evidence = "" }, "use quiz, model"},
		"odd evidence":     {func(r *Record) { r.Evidence = "rumour" }, `"rumour"`},
		"score":            {func(r *Record) { r.Score, r.Questions = 3, 2 }, "3 of 2"},
		"negative score":   {func(r *Record) { r.Score = -1 }, "-1 of 0"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := record("alice", "zfs", 1)
			c.change(&r)
			recorded, err := s.Complete(r)
			if err == nil || recorded || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Complete = %v, %v", recorded, err)
			}
		})
	}
	if all, err := s.Learner("alice"); err != nil || len(all) != 0 {
		t.Errorf("something was stored: %v, %v", all, err)
	}
}

func TestAllStopsAndMayUseTheStore(t *testing.T) {
	s := open(t)
	for i := range 5 {
		complete(t, s, record(fmt.Sprint("learner", i), "zfs", 1))
	}
	enough := errors.New("enough")
	seen := 0
	err := s.All(func(r Record) error {
		seen++
		// A write in here would wait for ever if All held a transaction open
		// over it and the file had to grow.
		complete(t, s, record(r.Login, strings.Repeat("c", 200), 1))
		if seen == 3 {
			return enough
		}
		return nil
	})
	if err != enough || seen != 3 {
		t.Errorf("All = %v after %d records", err, seen)
	}
}

func TestConcurrentCompletes(t *testing.T) {
	s := open(t)
	var first atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for stage := 1; stage <= 5; stage++ {
				recorded, err := s.Complete(record("alice", "zfs", stage))
				if err != nil {
					t.Error(err)
				}
				if recorded {
					first.Add(1)
				}
				if _, err := s.Learner("alice"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if first.Load() != 5 {
		t.Errorf("%d of 5 stages were told to be new", first.Load())
	}
}

func TestOpenRefusesNewerFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lectern.db")
	file, err := boltfile.Open(path, boltfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Format(formatName, formatVersion+1); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Open(path, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "newer Lectern") {
			t.Errorf("Open = %v", err)
		}
	}
}

// TestUnreadableRecordIsLeftOut: it shuts nobody out of what else there is, is
// named in the log, and gives way to a record that can be read.
func TestUnreadableRecordIsLeftOut(t *testing.T) {
	var log bytes.Buffer
	s := openWith(t, slog.New(slog.NewTextHandler(&log, nil)))
	sound := record("alice", "zfs", 6)
	complete(t, s, sound, record("alice", "zfs", 7))
	err := s.file.Update(func(tx *bbolt.Tx) error {
		bucket := find(tx, rootBucket, []byte("alice")).Bucket([]byte("zfs"))
		return errors.Join(bucket.Put(stageKey(7), []byte("{")), bucket.Put([]byte("seven"), []byte("{}")))
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := s.Learner("alice"); err != nil || !reflect.DeepEqual(got["zfs"], []Record{sound}) {
			t.Errorf("Learner = %v, %v", got, err)
		}
		if got, err := s.Course("alice", "zfs"); err != nil || !reflect.DeepEqual(got, []Record{sound}) {
			t.Errorf("Course = %v, %v", got, err)
		}
	}
	seen := 0
	if err := s.All(func(Record) error { seen++; return nil }); err != nil || seen != 1 {
		t.Errorf("All gave %d records, %v", seen, err)
	}
	if n := strings.Count(log.String(), "cannot be read"); n != 2 || !strings.Contains(log.String(), "alice, course zfs, stage 7") {
		t.Errorf("of two unreadable records the log says: %s", log.String())
	}
	if recorded, err := s.Complete(record("alice", "zfs", 7)); err != nil || !recorded {
		t.Errorf("Complete = %v, %v", recorded, err)
	}
	if got, err := s.Course("alice", "zfs"); err != nil || len(got) != 2 {
		t.Errorf("Course = %v, %v", got, err)
	}
}

func BenchmarkComplete(b *testing.B) {
	s := open(b)
	stage := 0
	for b.Loop() {
		stage++
		complete(b, s, record("alice", fmt.Sprint("course-", stage/10), stage%10+1))
	}
}

func BenchmarkCompleteAgain(b *testing.B) {
	s := open(b)
	complete(b, s, record("alice", "zfs", 1))
	for b.Loop() {
		complete(b, s, record("alice", "zfs", 1))
	}
}

func BenchmarkLearner(b *testing.B) {
	s := open(b)
	for i := range 300 {
		complete(b, s, record(fmt.Sprint("learner-", i/30), fmt.Sprint("course-", i%30/6), i%6+1))
	}
	for b.Loop() {
		if got, err := s.Learner("learner-5"); err != nil || len(got) != 5 {
			b.Fatal(got, err)
		}
	}
}
