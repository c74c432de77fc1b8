package progress

import (
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// Learner is all that is known of one learner.
type Learner struct {
	Login string `json:"login"`
	// Records are by course and stage.
	Records []Record `json:"records"`
	// Total is the tokens that the learner has used in all.
	Total Tokens `json:"total"`
	// Days are the days of the last months on which it was any, oldest first.
	Days []Day `json:"days"`
}

// Day is the tokens of one day.
type Day struct {
	// Date is the day by UTC, as 2006-01-02.
	Date   string `json:"date"`
	Tokens Tokens `json:"tokens"`
}

// Learners calls fn for every learner who has completed a stage or used tokens,
// by login, and stops at the first error of fn, which it returns. As with All,
// fn may take its time and may use the store.
func (s *Store) Learners(fn func(Learner) error) error {
	for login := ""; ; {
		var learner Learner
		err := s.file.View(func(tx *bbolt.Tx) (err error) {
			learner, err = s.learnerAfter(tx, login)
			return err
		})
		if err != nil {
			return fmt.Errorf("read all progress: %w", err)
		}
		if learner.Login == "" {
			return nil
		}
		if err := fn(learner); err != nil {
			return err
		}
		login = learner.Login
	}
}

// learnerAfter reads the learner who comes after login, with a record, tokens,
// or both.
func (s *Store) learnerAfter(tx *bbolt.Tx, login string) (l Learner, err error) {
	finished, used := tx.Bucket(rootBucket), find(tx, usageBucket, learnersBucket)
	l.Login = nextKey(finished, login)
	if user := nextKey(used, login); l.Login == "" || user != "" && user < l.Login {
		l.Login = user
	}
	if l.Login == "" {
		return l, nil
	}
	if finished != nil {
		if l.Records, err = s.readLearner(finished.Bucket([]byte(l.Login)), l.Login); err != nil {
			return l, err
		}
	}
	if used != nil {
		l.Total, l.Days, err = s.readTokens(used.Bucket([]byte(l.Login)), l.Login)
	}
	return l, err
}

func (s *Store) readTokens(learner *bbolt.Bucket, login string) (total Tokens, days []Day, err error) {
	if learner == nil {
		return total, nil, nil
	}
	err = learner.ForEach(func(key, _ []byte) error {
		if _, err := time.Parse(time.DateOnly, string(key)); err == nil {
			days = append(days, Day{Date: string(key), Tokens: s.tokens(learner, login, key)})
		}
		return nil
	})
	return s.tokens(learner, login, totalKey), days, err
}
