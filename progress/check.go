package progress

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"lectern/internal/boltfile"
)

// Report says what is in a file of progress.
type Report struct {
	// Size is the file's, in bytes.
	Size int64
	// Format is the version of what it holds.
	Format int
	// Learners have completed a stage or used tokens.
	Learners int
	// Records are those that can be read, one for each completed stage.
	Records int
	// Unreadable records and counts of tokens are left out of what a store
	// gives, or are such as none would be stored; Fault is about the first.
	Unreadable int
	Fault      error
}

// Check reads a file of progress that no gateway has open, every page and every
// record of it, and trusts nothing in it. The error says in a sentence why the
// file is no store that Open would open, and wraps boltfile.ErrDamaged,
// boltfile.ErrInUse or fs.ErrNotExist where that is the reason.
func Check(path string) (Report, error) { return CheckAs(path, path) }

// CheckAs is Check of a file that errors call by another name than its path.
func CheckAs(path, name string) (Report, error) {
	var report Report
	info, err := os.Stat(path)
	if err != nil {
		return report, err
	}
	if !info.Mode().IsRegular() { // a pipe would have us wait for who writes, and no signal would end that
		return report, fmt.Errorf("open %s: it is not a regular file, name another", name)
	}
	report.Size = info.Size()
	file, err := boltfile.Open(path, boltfile.Options{ReadOnly: true, CheckUpTo: math.MaxInt64, Name: name})
	if err != nil {
		return report, err
	}
	defer file.Close()
	if report.Format, err = version(file); err != nil {
		return report, err
	}
	return report, file.View(func(tx *bbolt.Tx) error {
		finished, used := tx.Bucket(rootBucket), find(tx, usageBucket, learnersBucket)
		if err := report.readAll(finished, report.record); err != nil {
			return err
		}
		return each(used, func(login, _ []byte, counts *bbolt.Bucket) error {
			if finished == nil || finished.Bucket(login) == nil {
				report.Learners++
			}
			return report.readCounts(string(login), counts)
		})
	})
}

// readAll calls record for all that is at login / course / key.
func (r *Report) readAll(root *bbolt.Bucket, record func(login, course string, key, value []byte)) error {
	return each(root, func(login, _ []byte, courses *bbolt.Bucket) error {
		r.Learners++
		if courses == nil {
			r.unreadable(fmt.Errorf("%q is no learner", login))
		}
		return each(courses, func(course, _ []byte, stages *bbolt.Bucket) error {
			if stages == nil {
				r.unreadable(fmt.Errorf("%q of %q is no course", course, login))
			}
			return each(stages, func(key, value []byte, _ *bbolt.Bucket) error {
				record(string(login), string(course), key, value)
				return nil
			})
		})
	})
}

// each calls fn for every entry, with the bucket where it is one.
func each(bucket *bbolt.Bucket, fn func(key, value []byte, inside *bbolt.Bucket) error) error {
	if bucket == nil {
		return nil
	}
	return bucket.ForEach(func(key, value []byte) error {
		if value != nil {
			return fn(key, value, nil)
		}
		return fn(key, nil, bucket.Bucket(key))
	})
}

func (r *Report) record(login, course string, key, value []byte) {
	if len(key) != 4 || value == nil {
		r.unreadable(fmt.Errorf("%x of %q, course %q, is no stage's number", key, login, course))
		return
	}
	record, err := decode(login, course, int(binary.BigEndian.Uint32(key)), value)
	if err == nil {
		_, err = record.normal()
	}
	if err == nil && login != strings.ToLower(login) {
		err = errors.New("the login is not in lower case")
	}
	if err != nil {
		r.unreadable(fmt.Errorf("stage %x of %q, course %q: %w", key, login, course, err))
		return
	}
	r.Records++
}

func (r *Report) readCounts(login string, counts *bbolt.Bucket) error {
	if err := checkName("login", login); err != nil || counts == nil {
		r.unreadable(fmt.Errorf("the tokens of %q are no learner's", login))
	}
	return each(counts, func(key, value []byte, _ *bbolt.Bucket) error {
		var t Tokens
		err := json.Unmarshal(value, &t)
		if _, wrong := time.Parse(time.DateOnly, string(key)); err == nil && wrong != nil && string(key) != string(totalKey) {
			err = errors.New("that is no day")
		}
		if err == nil && min(t.Input, t.Output, t.CacheRead, t.CacheWrite) < 0 {
			err = errors.New("the count is below 0")
		}
		if err != nil {
			r.unreadable(fmt.Errorf("the tokens of %q, %q: %w", login, key, err))
		}
		return nil
	})
}

func (r *Report) unreadable(err error) {
	r.Unreadable++
	if r.Fault == nil {
		r.Fault = err
	}
}
