package progress

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// UsedToday gives what each learner has used since midnight UTC who has used
// anything, without telling who it is.
func (s *Store) UsedToday() ([]Tokens, error) {
	var used []Tokens
	err := s.file.View(func(tx *bbolt.Tx) error {
		learners, today := find(tx, usageBucket, learnersBucket), dayKey(s.now())
		if learners == nil {
			return nil
		}
		return learners.ForEachBucket(func(login []byte) error {
			if learner := learners.Bucket(login); learner.Get(today) != nil {
				used = append(used, s.tokens(learner, string(login), today))
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the tokens of today: %w", err)
	}
	return used, nil
}
