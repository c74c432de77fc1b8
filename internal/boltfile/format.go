package boltfile

import (
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"
)

var formatBucket = []byte("format")

// Format makes sure that what the file holds under name is of a version that
// this program understands. A file that says nothing yet is marked with
// version; one that was written by a newer program is refused in words.
func (f *File) Format(name string, version int) error {
	stored, err := f.Version(name, version)
	if err != nil || stored == version {
		return err
	}
	return f.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(formatBucket)
		if err != nil {
			return fmt.Errorf("mark the format of %s: %w", name, err)
		}
		return bucket.Put([]byte(name), []byte(strconv.Itoa(version)))
	})
}

// Version tells of which version it is what the file holds under name, and
// refuses in words one that is newer than known. It is 0 where the file says
// nothing about name.
func (f *File) Version(name string, known int) (int, error) {
	stored, err := f.storedVersion(name)
	if err == nil && stored > known {
		err = fmt.Errorf("%s holds %s in format %d and this program knows only %d: use the newer Lectern that wrote it, or another file", f.name, name, stored, known)
	}
	return stored, err
}

func (f *File) storedVersion(name string) (version int, err error) {
	err = f.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(formatBucket)
		if bucket == nil {
			return nil
		}
		value := bucket.Get([]byte(name))
		if value == nil {
			return nil
		}
		if version, err = strconv.Atoi(string(value)); err != nil || version < 1 {
			return damaged(f.name, fmt.Errorf("its format of %s is %q", name, value))
		}
		return nil
	})
	return version, err
}
