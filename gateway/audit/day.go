package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// day is a date in UTC, written so that days compare as they follow one
// another.
type day string

const (
	prefix = "audit-"
	suffix = ".jsonl"
)

func dayOf(t time.Time) day { return day(t.UTC().Format(time.DateOnly)) }

func (d day) path(dir string) string { return filepath.Join(dir, prefix+string(d)+suffix) }

// begins is the midnight with which a day begins.
func (d day) begins() time.Time {
	t, _ := time.Parse(time.DateOnly, string(d)) // daysIn and dayOf give only days
	return t
}

// daysIn are the days that have a file, in their order.
func daysIn(dir string) ([]day, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var days []day
	for _, entry := range entries {
		name, ours := strings.CutPrefix(entry.Name(), prefix)
		name, ends := strings.CutSuffix(name, suffix)
		if _, err := time.Parse(time.DateOnly, name); err == nil && ours && ends && entry.Type().IsRegular() {
			days = append(days, day(name))
		}
	}
	slices.Sort(days)
	return days, nil
}

// openDay makes the file of a day the one that is written to.
func (t *Trail) openDay(d day) error {
	t.shut()
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return err
	}
	if t.lock == nil {
		if err := t.occupy(); err != nil {
			return err
		}
	}
	_, err := os.Lstat(d.path(t.dir))
	isNew := errors.Is(err, os.ErrNotExist)
	file, err := os.OpenFile(d.path(t.dir), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	size, err := t.mend(file)
	if err == nil && isNew {
		err = syncFolder(t.dir)
	}
	if err != nil {
		_ = file.Close()
		return err
	}
	t.day, t.file, t.size = d, file, size
	return nil
}

func (t *Trail) shut() {
	if t.file != nil {
		_ = t.file.Close() // all that counts is synced
		t.file = nil
	}
}

// syncFolder makes the names of a folder durable.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	if err := folder.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // some network file systems cannot
		return err
	}
	return nil
}

// mend takes an unfinished last line off a file and gives the size that is
// left. Nobody was told that what it tells of is recorded.
func (t *Trail) mend(file *os.File) (size int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	whole := info.Size()
	var piece [4 << 10]byte
	for whole > 0 {
		from := max(0, whole-int64(len(piece)))
		p := piece[:whole-from]
		if _, err := file.ReadAt(p, from); err != nil {
			return 0, err
		}
		if at := bytes.LastIndexByte(p, '\n'); at >= 0 {
			whole = from + int64(at) + 1
			break
		}
		whole = from
	}
	if whole == info.Size() {
		return whole, nil
	}
	t.log.Warn("took the unfinished last line off the audit trail", "file", file.Name(), "bytes", info.Size()-whole)
	if err := file.Truncate(whole); err != nil {
		return 0, err
	}
	return whole, file.Sync()
}

// untouched tells whether the file is still the one, and as long, as it was
// left: people clear folders away, and tools cut logs.
func (t *Trail) untouched() bool {
	if t.file == nil {
		return false
	}
	there, err := os.Lstat(t.day.path(t.dir))
	if err != nil || there.Size() != t.size {
		return false
	}
	ours, err := t.file.Stat()
	return err == nil && os.SameFile(there, ours)
}

// prune removes the files that were too old on a day. That is not the day of the
// newest file but of the one before it: a clock that jumps ahead must not take
// everything away at once.
func (t *Trail) prune(seen day) {
	if t.keep <= 0 {
		return
	}
	days, err := daysIn(t.dir)
	for _, d := range days {
		if d.begins().Add(24*time.Hour + t.keep).After(seen.begins()) {
			break
		}
		if gone := os.Remove(d.path(t.dir)); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err != nil {
		t.log.Warn("could not remove old files of the audit trail", "error", err)
	}
}
