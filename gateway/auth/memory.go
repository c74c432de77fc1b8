package auth

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"lectern/internal/boltfile"
)

const (
	formatName    = "keys"
	formatVersion = 1
)

var (
	// listsBucket has a keyList by login. Its sequence is how many there are.
	listsBucket = []byte("lists")
	// agesBucket has the same logins by the time of their last check.
	agesBucket = []byte("ages")
	// enrolledBucket has the login by the fingerprint of an enrolled key, and
	// only keys that are in the login's list.
	enrolledBucket = []byte("enrolled")
)

// keyList is the last that is known of an account's keys.
type keyList struct {
	Login string `json:"login"`
	// CheckedAt is when GitHub last said that these are the keys.
	CheckedAt time.Time     `json:"checked_at"`
	ETag      string        `json:"etag,omitempty"`
	Prints    []fingerprint `json:"keys"`
	// stored is whether the list is in the file.
	stored bool
}

func (l *keyList) holds(print fingerprint) bool { return slices.Contains(l.Prints, print) }

// MarshalText writes a fingerprint as OpenSSH does.
func (f fingerprint) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (f *fingerprint) UnmarshalText(text []byte) error {
	parsed, err := parseFingerprint(string(text))
	*f = parsed
	return err
}

// memory is the file of key lists and enrolments. It holds only people who
// have proved to own a key, and those whom the operator lists, so strangers
// cannot fill the disk with it; and no more than max of those.
type memory struct {
	file *boltfile.File
	max  int
}

func openMemory(path string, max int) (*memory, error) {
	if path == "" {
		return nil, errors.New("open the key cache: no file is named for it")
	}
	file, err := boltfile.Open(path, boltfile.Options{})
	if err != nil {
		return nil, fmt.Errorf("open the key cache: %w", err)
	}
	err = file.Format(formatName, formatVersion)
	if err == nil {
		err = makeBuckets(file)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open the key cache: %w", err)
	}
	return &memory{file: file, max: max}, nil
}

// makeBuckets writes nothing where they are there: a gateway that dies on a full
// disk starts on it again.
func makeBuckets(file *boltfile.File) error {
	names := [][]byte{listsBucket, agesBucket, enrolledBucket}
	missing := false
	err := file.View(func(tx *bbolt.Tx) error {
		missing = slices.ContainsFunc(names, func(name []byte) bool { return tx.Bucket(name) == nil })
		return nil
	})
	if err != nil || !missing {
		return err
	}
	return file.Update(func(tx *bbolt.Tx) error {
		for _, name := range names {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m *memory) close() error { return m.file.Close() }

// list gives what is known of an account, or nil.
func (m *memory) list(login string) (list *keyList, err error) {
	err = m.file.View(func(tx *bbolt.Tx) error {
		list, err = readList(tx, login)
		return err
	})
	return list, err
}

// owner gives the login for which a key is enrolled, or "".
func (m *memory) owner(print fingerprint) (login string, err error) {
	err = m.file.View(func(tx *bbolt.Tx) error {
		login = string(tx.Bucket(enrolledBucket).Get(print[:]))
		return nil
	})
	return login, err
}

// save keeps a list. Enrolments of keys that are no longer in it end.
func (m *memory) save(list *keyList) error {
	return m.file.Update(func(tx *bbolt.Tx) error { return m.write(tx, list) })
}

// enrol keeps a list and that one of its keys is enrolled.
func (m *memory) enrol(list *keyList, print fingerprint) error {
	return m.file.Update(func(tx *bbolt.Tx) error {
		if err := m.write(tx, list); err != nil {
			return err
		}
		return tx.Bucket(enrolledBucket).Put(print[:], []byte(list.Login))
	})
}

// forget drops all that is known of an account.
func (m *memory) forget(login string) error {
	return m.file.Update(func(tx *bbolt.Tx) error { return remove(tx, login, nil) })
}

func (m *memory) write(tx *bbolt.Tx, list *keyList) error {
	if err := remove(tx, list.Login, list.Prints); err != nil {
		return err
	}
	value, err := json.Marshal(list)
	if err != nil {
		return err
	}
	lists, ages := tx.Bucket(listsBucket), tx.Bucket(agesBucket)
	if err := lists.Put([]byte(list.Login), value); err != nil {
		return err
	}
	if err := ages.Put(ageKey(list), nil); err != nil {
		return err
	}
	if err := lists.SetSequence(lists.Sequence() + 1); err != nil {
		return err
	}
	for lists.Sequence() > uint64(m.max) {
		oldest, _ := ages.Cursor().First()
		if oldest == nil {
			return nil
		}
		if err := remove(tx, string(oldest[8:]), nil); err != nil {
			return err
		}
	}
	return nil
}

// remove takes out an account's list, and those of its enrolments that are
// not for a key in keep.
func remove(tx *bbolt.Tx, login string, keep []fingerprint) error {
	list, err := readList(tx, login)
	if err != nil || list == nil {
		return err
	}
	enrolled := tx.Bucket(enrolledBucket)
	for _, print := range list.Prints {
		if slices.Contains(keep, print) || string(enrolled.Get(print[:])) != login {
			continue
		}
		if err := enrolled.Delete(print[:]); err != nil {
			return err
		}
	}
	lists := tx.Bucket(listsBucket)
	if err := lists.Delete([]byte(login)); err != nil {
		return err
	}
	if err := tx.Bucket(agesBucket).Delete(ageKey(list)); err != nil {
		return err
	}
	return lists.SetSequence(lists.Sequence() - 1)
}

func readList(tx *bbolt.Tx, login string) (*keyList, error) {
	value := tx.Bucket(listsBucket).Get([]byte(login))
	if value == nil {
		return nil, nil
	}
	list := &keyList{stored: true}
	if err := json.Unmarshal(value, list); err != nil {
		return nil, fmt.Errorf("read the keys of %s: %w", login, err)
	}
	return list, nil
}

// ageKey sorts lists by the time of their last check.
func ageKey(list *keyList) []byte {
	key := binary.BigEndian.AppendUint64(nil, uint64(list.CheckedAt.UnixNano()))
	return append(key, list.Login...)
}
