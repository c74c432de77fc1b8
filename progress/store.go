// Package progress remembers who finished what, and what that took: one record
// for each stage that a learner has completed, and the tokens that learners have
// used of a model, kept in a bbolt file and durable before anyone is told of it.
//
// It knows logins, course IDs and stage numbers, and nothing of what a course
// holds, of sessions, or of how the evidence came about.
package progress

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"lectern/internal/boltfile"
)

const (
	formatName    = "progress"
	formatVersion = 1
)

// The records are at v1 / login / course / stage number.
var rootBucket = []byte("v1")

// Store is an open file of records. Its methods may be called from any
// goroutine.
type Store struct {
	file *boltfile.File
	log  *slog.Logger
	now  func() time.Time
	told sync.Map // the unreadable records that the log has
}

// Open opens the store at path, and makes it where there is none. It waits
// 2 s for another process to let go of the file. The error wraps
// boltfile.ErrInUse or boltfile.ErrDamaged where that is the reason. A record
// that cannot be read is left out of what the store gives, so that nobody is
// shut out by it; log gets a line about it.
func Open(path string, log *slog.Logger) (*Store, error) {
	file, err := boltfile.Open(path, boltfile.Options{})
	if err != nil {
		return nil, fmt.Errorf("open the progress store: %w", err)
	}
	if err := file.Format(formatName, formatVersion); err != nil {
		file.Close()
		return nil, fmt.Errorf("open the progress store: %w", err)
	}
	return &Store{file: file, log: log, now: time.Now}, nil
}

// OpenReadOnly opens the store at path to read it, while nobody has it open but
// to read it too. The error wraps fs.ErrNotExist where there is none.
func OpenReadOnly(path string, log *slog.Logger) (*Store, error) {
	file, err := boltfile.Open(path, boltfile.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("open the progress store: %w", err)
	}
	if _, err := version(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("open the progress store: %w", err)
	}
	return &Store{file: file, log: log, now: time.Now}, nil
}

// version refuses a file that holds no progress, or that of a newer program.
func version(file *boltfile.File) (int, error) {
	stored, err := file.Version(formatName, formatVersion)
	if err == nil && stored == 0 {
		err = fmt.Errorf("%s is a database, but not one of progress: name another file", file.Name())
	}
	return stored, err
}

// Close waits for running calls and closes the file.
func (s *Store) Close() error { return s.file.Close() }

// ErrImpossible says that a record can never be stored as it is.
var ErrImpossible = errors.New("no such thing can have been completed")

// errNothingNew ends a transaction that has nothing to write.
var errNothingNew = errors.New("nothing new")

// Complete records that a learner has completed a stage, and is durable when
// it returns. recorded is true when the stage was not completed before, so it
// is true once however often and from wherever it is called. A later record
// with stronger evidence replaces the evidence, with its session and score;
// the time stays that of the first. An impossible record is refused with an
// error that wraps ErrImpossible.
func (s *Store) Complete(r Record) (recorded bool, err error) {
	r, err = r.normal()
	if err != nil {
		return false, fmt.Errorf("record a completed stage: %w: %w", ErrImpossible, err)
	}
	// The look at what is there happens in the write transaction as well: it
	// waits for a running commit, so that "nothing new" is durable too.
	err = s.file.Update(func(tx *bbolt.Tx) error {
		bucket, err := makePath(tx, string(rootBucket), r.Login, r.Course)
		if err != nil {
			return err
		}
		recorded = true
		if value := bucket.Get(stageKey(r.Stage)); value != nil {
			before, err := decode(r.Login, r.Course, r.Stage, value)
			switch {
			case err != nil: // nobody has anything of it; the new one replaces it
				s.unreadable(r.Login, r.Course, stageKey(r.Stage), err)
			case r.Evidence.Strength() <= before.Evidence.Strength():
				return errNothingNew
			default:
				recorded = false
				r.CompletedAt = before.CompletedAt
			}
		}
		value, err := encode(r)
		if err != nil {
			return err
		}
		return bucket.Put(stageKey(r.Stage), value)
	})
	if errors.Is(err, errNothingNew) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("record stage %d of %s for %s: %w", r.Stage, r.Course, r.Login, err)
	}
	return recorded, nil
}

func makePath(tx *bbolt.Tx, root string, below ...string) (*bbolt.Bucket, error) {
	bucket, err := tx.CreateBucketIfNotExists([]byte(root))
	for _, name := range below {
		if err != nil {
			return nil, err
		}
		bucket, err = bucket.CreateBucketIfNotExists([]byte(name))
	}
	return bucket, err
}

// Course gives the stages of a course that a learner has completed, in the
// order of their numbers. It is empty for a login or a course never seen.
func (s *Store) Course(login, course string) ([]Record, error) {
	login = strings.ToLower(login)
	var records []Record
	err := s.file.View(func(tx *bbolt.Tx) error {
		bucket := find(tx, rootBucket, []byte(login))
		if bucket == nil || course == "" {
			return nil
		}
		var err error
		records, err = s.readCourse(bucket.Bucket([]byte(course)), login, course)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the progress of %s: %w", login, err)
	}
	return records, nil
}

// Learner gives all that a learner has completed, by course, and within a
// course in the order of the stages. It is empty for a login never seen.
func (s *Store) Learner(login string) (map[string][]Record, error) {
	login = strings.ToLower(login)
	courses := map[string][]Record{}
	err := s.file.View(func(tx *bbolt.Tx) error {
		bucket := find(tx, rootBucket, []byte(login))
		if bucket == nil {
			return nil
		}
		return bucket.ForEachBucket(func(course []byte) error {
			records, err := s.readCourse(bucket.Bucket(course), login, string(course))
			courses[string(course)] = records
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the progress of %s: %w", login, err)
	}
	return courses, nil
}

// All calls fn for every record, by login, course and stage, and stops at the
// first error of fn, which it returns. fn may take its time and may use the
// store: no transaction is open while it runs, so what is recorded meanwhile
// may or may not be among the records.
func (s *Store) All(fn func(Record) error) error {
	for login := ""; ; {
		var records []Record
		err := s.file.View(func(tx *bbolt.Tx) (err error) {
			login, records, err = s.nextLearner(tx, login)
			return err
		})
		if err != nil {
			return fmt.Errorf("read all progress: %w", err)
		}
		if login == "" {
			return nil
		}
		for _, record := range records {
			if err := fn(record); err != nil {
				return err
			}
		}
	}
}

// nextLearner reads the learner who comes after login; its name is empty
// behind the last.
func (s *Store) nextLearner(tx *bbolt.Tx, login string) (string, []Record, error) {
	root := tx.Bucket(rootBucket)
	next := nextKey(root, login)
	if next == "" {
		return "", nil, nil
	}
	records, err := s.readLearner(root.Bucket([]byte(next)), next)
	return next, records, err
}

// nextKey is the key that comes after another; empty behind the last.
func nextKey(bucket *bbolt.Bucket, after string) string {
	if bucket == nil {
		return ""
	}
	cursor := bucket.Cursor()
	key, _ := cursor.Seek([]byte(after))
	if after != "" && string(key) == after {
		key, _ = cursor.Next()
	}
	return string(key)
}

func (s *Store) readLearner(bucket *bbolt.Bucket, login string) ([]Record, error) {
	if bucket == nil {
		return nil, nil
	}
	var all []Record
	err := bucket.ForEachBucket(func(course []byte) error {
		records, err := s.readCourse(bucket.Bucket(course), login, string(course))
		all = append(all, records...)
		return err
	})
	return all, err
}

// find gives the bucket at a path, or nil.
func find(tx *bbolt.Tx, root []byte, below ...[]byte) *bbolt.Bucket {
	bucket := tx.Bucket(root)
	for _, name := range below {
		if bucket == nil || len(name) == 0 {
			return nil
		}
		bucket = bucket.Bucket(name)
	}
	return bucket
}

func (s *Store) readCourse(bucket *bbolt.Bucket, login, course string) ([]Record, error) {
	if bucket == nil {
		return nil, nil
	}
	var records []Record
	err := bucket.ForEach(func(key, value []byte) error {
		if len(key) != 4 {
			s.unreadable(login, course, key, errors.New("the key is no stage's number"))
			return nil
		}
		record, err := decode(login, course, int(binary.BigEndian.Uint32(key)), value)
		if err != nil {
			s.unreadable(login, course, key, err)
			return nil
		}
		records = append(records, record)
		return nil
	})
	return records, err
}

// unreadable logs a record that is left out, once.
func (s *Store) unreadable(login, course string, key []byte, err error) {
	record := fmt.Sprintf("%s/%s/%x", login, course, key)
	if _, known := s.told.LoadOrStore(record, true); !known {
		s.log.Error("a record of progress cannot be read and is left out: restore it from a backup, or grant the stage again",
			"login", login, "course", course, "key", fmt.Sprintf("%x", key), "error", err)
	}
}

// stageKey sorts like the number.
func stageKey(stage int) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(stage))
}
