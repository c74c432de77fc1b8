package boltfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// fill writes so much that the file has branch pages, nested, inline and
// emptied buckets, a value with overflow pages, and a free list.
func fill(t testing.TB, f *File) {
	t.Helper()
	for round := range 3 {
		err := f.Update(func(tx *bbolt.Tx) error {
			outer, err := tx.CreateBucketIfNotExists([]byte("outer"))
			if err != nil {
				return err
			}
			for i := range 150 {
				inner, err := outer.CreateBucketIfNotExists(fmt.Appendf(nil, "inner-%03d", i))
				if err != nil {
					return err
				}
				if err := inner.Put([]byte("key"), bytes.Repeat([]byte{byte(round)}, 30)); err != nil {
					return err
				}
			}
			large, err := tx.CreateBucketIfNotExists([]byte("large"))
			if err != nil {
				return err
			}
			for i := range 120 {
				if err := large.Put(fmt.Appendf(nil, "%d-%03d", round, i), bytes.Repeat([]byte("v"), 90)); err != nil {
					return err
				}
			}
			return large.Put([]byte("overflow"), make([]byte, 20_000))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := f.Update(func(tx *bbolt.Tx) error {
		for i := range 120 {
			if err := tx.Bucket([]byte("large")).Delete(fmt.Appendf(nil, "1-%03d", i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// filled is the content of a sound file.
func filled(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filled.db")
	f := mustOpen(t, path)
	fill(t, f)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func mustOpen(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func put(f *File, key string, value []byte) error {
	return f.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("test"))
		if err != nil {
			return err
		}
		return bucket.Put([]byte(key), value)
	})
}

func get(f *File, key string) (value []byte, err error) {
	err = f.View(func(tx *bbolt.Tx) error {
		if bucket := tx.Bucket([]byte("test")); bucket != nil {
			value = bytes.Clone(bucket.Get([]byte(key)))
		}
		return nil
	})
	return value, err
}

func TestOpenCreatesAndReopens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "deep", "test.db")
	f := mustOpen(t, path)
	if err := put(f, "key", []byte("value")); err != nil {
		t.Fatal(err)
	}
	fill(t, f)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), want)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("folder holds %v, %v", entries, err)
	}
	f = mustOpen(t, path)
	defer f.Close()
	if value, err := get(f, "key"); err != nil || string(value) != "value" {
		t.Errorf("read %q, %v", value, err)
	}
}

func TestOpenLinked(t *testing.T) {
	folder := t.TempDir()
	elsewhere := t.TempDir()
	target := filepath.Join(elsewhere, "target.db")
	for link, to := range map[string]string{"link.db": "near.db", "near.db": target} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	f := mustOpen(t, filepath.Join(folder, "link.db"))
	if err := put(f, "key", []byte("value")); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	f = mustOpen(t, target)
	defer f.Close()
	if value, err := get(f, "key"); err != nil || string(value) != "value" {
		t.Errorf("read %q, %v", value, err)
	}
}

// TestOpenRefusesAnEmptyFile: it is what a full disk or a slip of a hand leaves of
// a database, and a new one in its place would hide that.
func TestOpenRefusesAnEmptyFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "empty.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "/empty.db is damaged (it is empty) and was kept untouched: restore a backup, or move it away to begin anew"
	for _, options := range []Options{{}, {ReadOnly: true}} {
		f, err := Open(path, options)
		if err == nil {
			_ = f.Close()
		}
		if !errors.Is(err, ErrDamaged) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("with %+v the error is %v", options, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 0 {
		t.Errorf("the file has changed: %v, %v", info, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, path).Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	f := mustOpen(t, path)
	_, err := Open(path, Options{LockTimeout: time.Millisecond})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "used by another gateway") {
		t.Errorf("error is %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder, pipe, filepath.Join(pipe, "below")} {
		if f, err := Open(path, Options{}); err == nil {
			f.Close()
			t.Errorf("%s was opened", path)
		} else if !strings.Contains(err.Error(), path) && !strings.Contains(err.Error(), pipe) {
			t.Errorf("error does not name the file: %v", err)
		}
	}
}

func TestOpenRefusesDamage(t *testing.T) {
	sound := filled(t)
	const page = 4096
	if os.Getpagesize() != page {
		t.Skip("the damage is done by hand to pages of 4096 bytes")
	}
	garbage := func(from, to int) func([]byte) []byte {
		return func(b []byte) []byte {
			for i := from; i < to; i++ {
				b[i] = byte(i*7 + 3)
			}
			return b
		}
	}
	cases := map[string]struct {
		damage func([]byte) []byte
		want   string
	}{
		"text":            {func([]byte) []byte { return []byte(strings.Repeat("not a database\n", 2000)) }, "does not begin like a bbolt file"},
		"one byte":        {func([]byte) []byte { return []byte{0} }, "too short"},
		"zeroes":          {func(b []byte) []byte { clear(b); return b }, "does not begin like a bbolt file"},
		"cut to one page": {func(b []byte) []byte { return b[:page] }, "cut off"},
		"cut in half":     {func(b []byte) []byte { return b[:page*9+100] }, "cut off"},
		"both metas":      {func(b []byte) []byte { b[60]++; b[page+60]++; return b }, "checksum"},
		"pages":           {garbage(2*page, 20*page), "page"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "test.db")
			content := c.damage(bytes.Clone(sound))
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path, Options{})
			if err == nil {
				f.Close()
				t.Fatal("opened")
			}
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) ||
				!strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Errorf("the file was changed, %v", err)
			}
			// The lock is given back, so that the file can be replaced.
			if err := os.WriteFile(path, sound, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := mustOpen(t, path).Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenSurvivesOneTornMeta(t *testing.T) {
	for _, at := range []int{60, os.Getpagesize() + 60} {
		path := filepath.Join(t.TempDir(), "test.db")
		content := filled(t)
		content[at]++
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		f := mustOpen(t, path)
		if err := put(f, "key", []byte("value")); err != nil {
			t.Error(err)
		}
		f.Close()
	}
}

func TestOpenLargeFileIsCheckedInPart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, filled(t), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, Options{CheckUpTo: 1})
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := os.Truncate(path, 9000); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{CheckUpTo: 1}); !errors.Is(err, ErrDamaged) {
		t.Errorf("error is %v", err)
	}
}

// A file that somebody cuts off while it is open faults on the next read.
func TestFaultBecomesError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	f := mustOpen(t, path)
	fill(t, f)
	if err := os.Truncate(path, 2*int64(os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	readAll := func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("large")).ForEach(func(k, v []byte) error { return nil })
	}
	if err := f.View(readAll); !errors.Is(err, ErrDamaged) {
		t.Errorf("View gave %v", err)
	}
	if err := f.Update(readAll); !errors.Is(err, ErrDamaged) {
		t.Errorf("Update gave %v", err)
	}
	if err := f.Update(readAll); !errors.Is(err, ErrDamaged) {
		t.Errorf("a second Update gave %v", err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("Close gave %v", err)
	}
}

// A commit that dies must not leave others waiting for the writer's lock.
func TestDeadCommitStopsWritesOnly(t *testing.T) {
	f := mustOpen(t, filepath.Join(t.TempDir(), "test.db"))
	if err := put(f, "key", []byte("value")); err != nil {
		t.Fatal(err)
	}
	err := f.Update(func(tx *bbolt.Tx) error {
		tx.OnCommit(func() { panic("died in the commit") })
		return nil
	})
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "died in the commit") {
		t.Errorf("Update gave %v", err)
	}
	if err := put(f, "key", []byte("other")); !errors.Is(err, ErrDamaged) {
		t.Errorf("the next Update gave %v", err)
	}
	if value, err := get(f, "key"); err != nil || string(value) != "value" {
		t.Errorf("View gave %q, %v", value, err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("Close gave %v", err)
	}
	if err := mustOpen(t, f.Path()).Close(); err != nil {
		t.Error(err)
	}
}

func TestErrorsOfCallersPassUnchanged(t *testing.T) {
	f := mustOpen(t, filepath.Join(t.TempDir(), "test.db"))
	defer f.Close()
	mine := errors.New("mine")
	if err := f.View(func(*bbolt.Tx) error { return mine }); err != mine {
		t.Errorf("View gave %v", err)
	}
	if err := f.Update(func(*bbolt.Tx) error { return mine }); err != mine {
		t.Errorf("Update gave %v", err)
	}
}

func TestFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	f := mustOpen(t, path)
	defer f.Close()
	for _, version := range []int{1, 1, 3} {
		if err := f.Format("things", version); err != nil {
			t.Errorf("format %d: %v", version, err)
		}
	}
	err := f.Format("things", 2)
	if err == nil || !strings.Contains(err.Error(), "format 3 and this program knows only 2") || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v", err)
	}
	if err := f.Format("others", 1); err != nil {
		t.Error(err)
	}
}
