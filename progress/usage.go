package progress

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// The tokens that learners have used of a model are in a bucket of their own
// beside the records: at usage-v1 / learners / login are a total and one count
// for each day, at usage-v1 / seen / day are the IDs of what was counted then.
// A program that knows only the records finds them as they were and leaves the
// rest alone; what is used while it runs is not counted.
var (
	usageBucket    = []byte("usage-v1")
	learnersBucket = []byte("learners")
	seenBucket     = []byte("seen")
	totalKey       = []byte("total")
)

const (
	// seenDays is for how many days, with today, a copy is known.
	seenDays = 4
	// usageDays is for how many days a learner's count of a day is kept.
	usageDays = 100
	// mostTokens of one use is far more than a model takes.
	mostTokens = 1 << 40
)

// Tokens counts tokens by kind.
type Tokens struct {
	// Input is what was neither read from the model's cache nor written to it.
	Input      int64 `json:"input"`
	Output     int64 `json:"output"`
	CacheRead  int64 `json:"cacheRead"`
	CacheWrite int64 `json:"cacheWrite"`
}

func (t Tokens) plus(u Tokens) Tokens {
	return Tokens{
		Input: t.Input + u.Input, Output: t.Output + u.Output,
		CacheRead: t.CacheRead + u.CacheRead, CacheWrite: t.CacheWrite + u.CacheWrite,
	}
}

// Use is tokens that a learner has used at once.
type Use struct {
	// ID is the same for each copy of a Use, and for no other one.
	ID    string
	Login string
	// At says on which day they count, by UTC. One that cannot be right, as
	// where a clock is wrong, is taken as now: no use may get lost by it.
	At     time.Time
	Tokens Tokens
}

func (u Use) check() error {
	if err := checkName("ID", u.ID); err != nil {
		return err
	}
	if err := checkName("login", u.Login); err != nil {
		return err
	}
	t := u.Tokens
	for _, n := range []int64{t.Input, t.Output, t.CacheRead, t.CacheWrite} {
		if n < 0 || n > mostTokens {
			return fmt.Errorf("%d tokens are impossible", n)
		}
	}
	return nil
}

// Use counts what learners have used, and is durable when it returns. One whose
// ID was counted during the last days is a copy and changes nothing. Impossible
// ones are left out: the error wraps ErrImpossible where the others are counted.
func (s *Store) Use(uses ...Use) error {
	var impossible error
	possible := make([]Use, 0, len(uses))
	for _, u := range uses {
		if err := u.check(); err != nil {
			impossible = errors.Join(impossible, fmt.Errorf("count used tokens: %w: %w", ErrImpossible, err))
			continue
		}
		u.Login = strings.ToLower(u.Login)
		possible = append(possible, u)
	}
	if len(possible) == 0 {
		return impossible
	}
	now := s.now().UTC()
	err := s.file.Update(func(tx *bbolt.Tx) error {
		seen, err := makePath(tx, string(usageBucket), string(seenBucket))
		if err != nil {
			return err
		}
		nothing := errNothingNew
		for _, u := range possible {
			if known(seen, u.ID) {
				continue
			}
			nothing = nil
			if err := remember(seen, u.ID, now); err != nil {
				return err
			}
			if err := s.count(tx, u, now); err != nil {
				return err
			}
		}
		return nothing
	})
	if err != nil && !errors.Is(err, errNothingNew) {
		return fmt.Errorf("count used tokens: %w", err)
	}
	return impossible
}

// seenKey keeps the file from growing with the length of IDs.
func seenKey(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:16]
}

func known(seen *bbolt.Bucket, id string) bool {
	days := seen.Cursor()
	for day, _ := days.First(); day != nil; day, _ = days.Next() {
		if ids := seen.Bucket(day); ids != nil && ids.Get(seenKey(id)) != nil {
			return true
		}
	}
	return false
}

// remember notes an ID, and forgets those of too long ago with the first one of
// a day.
func remember(seen *bbolt.Bucket, id string, now time.Time) error {
	today := dayKey(now)
	if seen.Bucket(today) == nil {
		for _, day := range keysBefore(seen, dayKey(now.AddDate(0, 0, 1-seenDays))) {
			if err := seen.DeleteBucket(day); err != nil {
				return err
			}
		}
	}
	ids, err := seen.CreateBucketIfNotExists(today)
	if err != nil {
		return err
	}
	return ids.Put(seenKey(id), []byte{})
}

// count adds to the total of a learner and to that of the day.
func (s *Store) count(tx *bbolt.Tx, u Use, now time.Time) error {
	learner, err := makePath(tx, string(usageBucket), string(learnersBucket), u.Login)
	if err != nil {
		return err
	}
	at := u.At.UTC()
	if at.After(now) || at.Before(now.AddDate(0, 0, 1-seenDays)) {
		at = now
	}
	day := dayKey(at)
	if learner.Get(day) == nil {
		for _, old := range keysBefore(learner, dayKey(now.AddDate(0, 0, 1-usageDays))) {
			if err := learner.Delete(old); err != nil {
				return err
			}
		}
	}
	for _, key := range [][]byte{totalKey, day} {
		value, err := json.Marshal(s.tokens(learner, u.Login, key).plus(u.Tokens))
		if err != nil {
			return err
		}
		if err := learner.Put(key, value); err != nil {
			return err
		}
	}
	return nil
}

// keysBefore copies the keys below oldest: a cursor is lost where they are
// deleted under it.
func keysBefore(bucket *bbolt.Bucket, oldest []byte) (keys [][]byte) {
	cursor := bucket.Cursor()
	for key, _ := cursor.First(); key != nil && bytes.Compare(key, oldest) < 0; key, _ = cursor.Next() {
		keys = append(keys, bytes.Clone(key))
	}
	return keys
}

// dayKey sorts like the day, and before totalKey.
func dayKey(t time.Time) []byte { return []byte(t.UTC().Format(time.DateOnly)) }

// tokens reads one count of a learner; none is 0, and so is one that cannot be
// read, so that nobody is shut out by it.
func (s *Store) tokens(learner *bbolt.Bucket, login string, key []byte) (t Tokens) {
	value := learner.Get(key)
	if value == nil {
		return t
	}
	if err := json.Unmarshal(value, &t); err != nil {
		if _, told := s.told.LoadOrStore("usage/"+login+"/"+string(key), true); !told {
			s.log.Error("a count of tokens cannot be read and starts at 0 again: restore it from a backup if it matters",
				"login", login, "of", string(key), "error", err)
		}
		return Tokens{}
	}
	return t
}

// Usage gives what a learner has used since midnight UTC, and in all. Both are
// 0 for a login never seen.
func (s *Store) Usage(login string) (today, total Tokens, err error) {
	login = strings.ToLower(login)
	err = s.file.View(func(tx *bbolt.Tx) error {
		learner := find(tx, usageBucket, learnersBucket, []byte(login))
		if learner == nil {
			return nil
		}
		today = s.tokens(learner, login, dayKey(s.now()))
		total = s.tokens(learner, login, totalKey)
		return nil
	})
	if err != nil {
		return today, total, fmt.Errorf("read the tokens of %s: %w", login, err)
	}
	return today, total, nil
}
