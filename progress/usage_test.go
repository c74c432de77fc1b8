package progress

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// at sets the store's clock.
func (s *Store) at(now time.Time) *Store {
	s.now = func() time.Time { return now }
	return s
}

func use(id, login string, at time.Time, output int64) Use {
	return Use{ID: id, Login: login, At: at, Tokens: Tokens{Input: 3, Output: output, CacheRead: 100, CacheWrite: 7}}
}

func used(t testing.TB, s *Store, uses ...Use) {
	t.Helper()
	if err := s.Use(uses...); err != nil {
		t.Fatal(err)
	}
}

func wantUsage(t testing.TB, s *Store, login string, today, total Tokens) {
	t.Helper()
	gotToday, gotTotal, err := s.Usage(login)
	if err != nil || gotToday != today || gotTotal != total {
		t.Errorf("%s has used %+v today and %+v in all (%v), want %+v and %+v", login, gotToday, gotTotal, err, today, total)
	}
}

func TestUseAddsUpByKind(t *testing.T) {
	s := open(t).at(noon)
	wantUsage(t, s, "alice", Tokens{}, Tokens{})
	wantUsage(t, s, "", Tokens{}, Tokens{})
	used(t, s, use("1", "Alice", noon, 10), use("2", "bob", noon, 20), use("3", "alice", noon, 30))
	used(t, s)
	alice := Tokens{Input: 6, Output: 40, CacheRead: 200, CacheWrite: 14}
	wantUsage(t, s, "ALICE", alice, alice)
	bob := Tokens{Input: 3, Output: 20, CacheRead: 100, CacheWrite: 7}
	wantUsage(t, s, "bob", bob, bob)
	wantUsage(t, s, "nobody", Tokens{}, Tokens{})
	if err := s.All(func(r Record) error { t.Errorf("a use became the record %v", r); return nil }); err != nil {
		t.Error(err)
	}
}

func TestCopiesOfAUse(t *testing.T) {
	s := open(t).at(noon)
	one := use("1", "alice", noon, 10)
	used(t, s, one, one)
	used(t, s, one)
	used(t, s, use("1", "bob", noon, 10)) // an ID is one event's, whoever it names
	wantUsage(t, s, "alice", one.Tokens, one.Tokens)
	wantUsage(t, s, "bob", Tokens{}, Tokens{})

	// Known for days, and then forgotten.
	for day := range seenDays {
		s.at(noon.AddDate(0, 0, day))
		used(t, s, one, use(fmt.Sprint("other-", day), "bob", s.now(), 1))
	}
	_, total, err := s.Usage("alice")
	if err != nil || total != one.Tokens {
		t.Errorf("a late copy was counted: %+v, %v", total, err)
	}
	s.at(noon.AddDate(0, 0, seenDays))
	used(t, s, use("another", "bob", s.now(), 1))
	err = s.file.View(func(tx *bbolt.Tx) error {
		days := 0
		err := find(tx, usageBucket, seenBucket).ForEachBucket(func([]byte) error { days++; return nil })
		if days != seenDays {
			t.Errorf("IDs of %d days are kept, want %d", days, seenDays)
		}
		if known(find(tx, usageBucket, seenBucket), "1") {
			t.Error("the ID is not forgotten")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestUseRollsOverAtMidnightUTC(t *testing.T) {
	s := open(t)
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	there := time.FixedZone("there", -5*3600) // where the day is another
	s.at(midnight.Add(-time.Nanosecond).In(there))
	used(t, s, use("1", "alice", s.now(), 10))
	wantUsage(t, s, "alice", use("", "", noon, 10).Tokens, use("", "", noon, 10).Tokens)
	s.at(midnight.In(there))
	wantUsage(t, s, "alice", Tokens{}, use("", "", noon, 10).Tokens)
	// What comes late counts for the day on which it was used.
	used(t, s, use("2", "alice", midnight.Add(-time.Minute), 0))
	wantUsage(t, s, "alice", Tokens{}, Tokens{Input: 6, Output: 10, CacheRead: 200, CacheWrite: 14})
	used(t, s, use("3", "alice", midnight, 5))
	wantUsage(t, s, "alice", use("", "", noon, 5).Tokens, Tokens{Input: 9, Output: 15, CacheRead: 300, CacheWrite: 21})
}

// TestUseWithAWrongClock: a budget must not be got round by it.
func TestUseWithAWrongClock(t *testing.T) {
	for name, at := range map[string]time.Time{
		"none": {}, "years ago": noon.AddDate(-5, 0, 0), "to come": noon.AddDate(0, 0, 2), "just ahead": noon.Add(13 * time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t).at(noon)
			used(t, s, use("1", "alice", at, 10))
			wantUsage(t, s, "alice", use("", "", at, 10).Tokens, use("", "", at, 10).Tokens)
		})
	}
}

func TestImpossibleUses(t *testing.T) {
	s := open(t).at(noon)
	negative := use("2", "alice", noon, 1)
	negative.Tokens.CacheRead = -1
	err := s.Use(
		use("", "alice", noon, 1), use("1", "", noon, 1), negative, use("3", "alice", noon, mostTokens+1),
		use(strings.Repeat("x", longestName+1), "alice", noon, 1), use("4", "al\x1bice", noon, 1), use("5", "alice", noon, 1),
	)
	if !errors.Is(err, ErrImpossible) {
		t.Errorf("the impossible is taken: %v", err)
	}
	wantUsage(t, s, "alice", use("", "", noon, 1).Tokens, use("", "", noon, 1).Tokens)
	if err := s.Use(negative); !errors.Is(err, ErrImpossible) {
		t.Errorf("alone it is taken: %v", err)
	}
}

func TestManyLearnersUse(t *testing.T) {
	s := open(t).at(noon)
	var asking sync.WaitGroup
	for learner := range 8 {
		asking.Go(func() {
			for i := range 20 {
				batch := make([]Use, 0, 10)
				for n := range 10 {
					batch = append(batch, use(fmt.Sprint(learner, "/", i, "/", n), fmt.Sprint("learner-", n), noon, 1))
				}
				if err := s.Use(batch...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	asking.Wait()
	for n := range 10 {
		want := Tokens{Input: 480, Output: 160, CacheRead: 16_000, CacheWrite: 1120}
		wantUsage(t, s, fmt.Sprint("learner-", n), want, want)
	}
}

func TestOldDaysArePruned(t *testing.T) {
	s := open(t)
	for day := range usageDays + 30 {
		s.at(noon.AddDate(0, 0, day))
		used(t, s, use(fmt.Sprint(day), "alice", s.now(), 1))
	}
	_, total, err := s.Usage("alice")
	if err != nil || total.Output != usageDays+30 {
		t.Errorf("the total is %+v, %v", total, err)
	}
	err = s.file.View(func(tx *bbolt.Tx) error {
		if n := find(tx, usageBucket, learnersBucket, []byte("alice")).Inspect().KeyN; n != usageDays+1 {
			t.Errorf("%d counts are kept, want %d days and the total", n, usageDays)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestUnreadableCount: it is told once, and shuts nobody out.
func TestUnreadableCount(t *testing.T) {
	var log bytes.Buffer
	s := openWith(t, slog.New(slog.NewTextHandler(&log, nil))).at(noon)
	used(t, s, use("1", "alice", noon, 10))
	err := s.file.Update(func(tx *bbolt.Tx) error {
		return find(tx, usageBucket, learnersBucket, []byte("alice")).Put(dayKey(noon), []byte("{"))
	})
	if err != nil {
		t.Fatal(err)
	}
	wantUsage(t, s, "alice", Tokens{}, use("", "", noon, 10).Tokens)
	wantUsage(t, s, "alice", Tokens{}, use("", "", noon, 10).Tokens)
	if n := strings.Count(log.String(), "cannot be read"); n != 1 {
		t.Errorf("it was told %d times: %s", n, &log)
	}
	used(t, s, use("2", "alice", noon, 1))
	if today, _, err := s.Usage("alice"); err != nil || today.Output != 1 {
		t.Errorf("today is %+v, %v", today, err)
	}
}

// TestUsageIsKept: it is there when the file is opened again, and a file from
// before there was any opens too.
func TestUsageIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lectern.db")
	for round, want := range []int64{0, 10, 20} {
		s, err := Open(path, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if _, total, err := s.at(noon).Usage("alice"); err != nil || total.Output != want {
			t.Errorf("round %d: the total is %+v, %v", round, total, err)
		}
		if round == 0 {
			complete(t, s, record("alice", "zfs", 1))
		}
		used(t, s, use(fmt.Sprint(round), "alice", noon, 10))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkUse(b *testing.B) {
	s := open(b)
	n := 0
	for b.Loop() {
		n++
		used(b, s, use(fmt.Sprint(n), "alice", noon, 1))
	}
}
