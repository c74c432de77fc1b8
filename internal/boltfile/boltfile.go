// Package boltfile keeps a bbolt file in such a way that nothing found in it,
// and nothing that happens to its disk, takes the process down or loses what
// was there: a file is read and judged before bbolt maps it, a fault while
// using it becomes an error, and every error says what to do.
//
// It knows nothing of what its users keep in their buckets.
package boltfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"lectern/internal/wholefile"
)

// ErrDamaged is wrapped by errors about a file that is no sound bbolt file.
// Such a file is never written to.
var ErrDamaged = errors.New("damaged database file")

// ErrInUse is wrapped by errors about a file that another process, or another
// Open in this one, has open.
var ErrInUse = errors.New("database file in use")

const (
	defaultLockTimeout = 2 * time.Second
	defaultCheckUpTo   = 512 << 20
)

// Options may be left at its zero value.
type Options struct {
	// LockTimeout is how long to wait for another process to let go of the
	// file; 0 means 2 s.
	LockTimeout time.Duration
	// CheckUpTo is the size in bytes up to which every page is checked when
	// the file is opened; 0 means 512 MiB. In a larger file only the pages
	// that name all others are checked.
	CheckUpTo int64
	// ReadOnly opens a file that is there, next to others who only read it. It
	// keeps writers from the file, and writes nothing itself.
	ReadOnly bool
	// Name is what errors call the file; empty for its path.
	Name string
}

// File is an open bbolt file. Its methods may be called from any goroutine.
type File struct {
	path string
	name string // in errors
	db   *bbolt.DB
	file *os.File
	// damage is set for good when a commit died half-way: bbolt may then hold
	// its writer lock for ever, so no further write may try to take it.
	damage atomic.Pointer[error]
}

// Open opens the bbolt file path, or makes it with permissions 0600, and its
// folder with 0700. The error wraps ErrInUse when the file is taken, and
// ErrDamaged when it cannot be trusted; a damaged file is left as it is.
func Open(path string, options Options) (*File, error) {
	if options.LockTimeout == 0 {
		options.LockTimeout = defaultLockTimeout
	}
	if options.CheckUpTo == 0 {
		options.CheckUpTo = defaultCheckUpTo
	}
	if !options.ReadOnly {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of %s: %w", path, err)
		}
		if err := create(path); err != nil {
			return nil, fmt.Errorf("create %s: %w", path, InWords(err))
		}
	}
	if options.Name == "" {
		options.Name = path
	}
	f := &File{path: path, name: options.Name}
	err := guard(func() (err error) {
		f.db, err = bbolt.Open(path, 0o600, &bbolt.Options{
			Timeout:      options.LockTimeout,
			ReadOnly:     options.ReadOnly,
			FreelistType: bbolt.FreelistMapType,
			NoStatistics: true,
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				var err error
				f.file, err = openChecked(name, flag, mode, options)
				return f.file, err
			},
		})
		return err
	})
	if err == nil {
		return f, nil
	}
	if f.file != nil {
		// bbolt has closed the file already, unless it died.
		_ = syscall.Flock(int(f.file.Fd()), syscall.LOCK_UN)
		_ = f.file.Close()
	}
	var dead *deathError
	if errors.As(err, &dead) || isFormatError(err) {
		err = damaged(f.name, err)
	}
	if !errors.Is(err, ErrInUse) && !errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("open %s: %w", f.name, InWords(err))
	}
	return nil, err
}

// create makes an empty database where there is no file. It is made beside
// the path and then moved, so that a full disk or a kill in this moment does
// not leave half a file that would count as damaged ever after.
func create(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := wholefile.Create(linkedFrom(path), func(temporary string) error {
		db, err := bbolt.Open(temporary, 0o600, nil)
		if err != nil {
			return err
		}
		return db.Close()
	})
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was quicker
	}
	return err
}

// linkedFrom is the file that a path leads to by links, which need not be there.
func linkedFrom(path string) string {
	const mostLinks = 40 // as many as Linux follows (path_resolution(7))
	for range mostLinks {
		next, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return path
}

// openChecked is bbolt's way to the file: it comes back with a file that is
// locked and sound, so that bbolt never maps, and never writes to, another.
func openChecked(name string, flag int, mode os.FileMode, options Options) (*os.File, error) {
	how := syscall.LOCK_EX
	if options.ReadOnly {
		how = syscall.LOCK_SH
	}
	// It is there already: one that is made now would be empty, which is what is
	// left of a database that something has cut off.
	file, err := openLocked(name, flag&^os.O_CREATE, mode, how, options.LockTimeout)
	if err != nil {
		return nil, err
	}
	if err := check(file, options); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Path is where the file is, as it was given to Open.
func (f *File) Path() string { return f.path }

// Name is what errors call the file.
func (f *File) Name() string { return f.name }

// View runs fn in a read-only transaction. A panic or a memory fault in fn,
// which is what reading a damaged page comes to, is returned as an error.
func (f *File) View(fn func(*bbolt.Tx) error) error {
	err := guard(func() error {
		return f.db.View(func(tx *bbolt.Tx) error {
			return guard(func() error { return fn(tx) })
		})
	})
	return f.explain("read", err)
}

// Update runs fn in a read-write transaction and makes it durable. After an
// error nothing of it has happened, and the file can still be read; it can be
// written again too, unless the error wraps ErrDamaged.
func (f *File) Update(fn func(*bbolt.Tx) error) error {
	if damage := f.damage.Load(); damage != nil {
		return *damage
	}
	var inside error
	err := guard(func() error {
		return f.db.Update(func(tx *bbolt.Tx) error {
			// A panic that ends here is rolled back in memory only. One that
			// got through would make bbolt read the file again, with its
			// locks held, and die on the same page a second time.
			inside = guard(func() error { return fn(tx) })
			return inside
		})
	})
	var dead *deathError
	if inside == nil && errors.As(err, &dead) {
		err = damaged(f.name, err)
		f.damage.CompareAndSwap(nil, &err)
		return err
	}
	return f.explain("write", err)
}

// Close waits for the running transactions and closes the file.
func (f *File) Close() error {
	if f.damage.Load() != nil {
		// bbolt would wait for a lock that is never given back. What other
		// processes wait for is the lock on the file, which the mapping
		// would keep until the process ends.
		_ = syscall.Flock(int(f.file.Fd()), syscall.LOCK_UN)
		return f.file.Close()
	}
	if err := f.db.Close(); err != nil {
		return fmt.Errorf("close %s: %w", f.name, err)
	}
	return nil
}

// explain keeps the errors of fn as they are and puts the rest in words.
func (f *File) explain(verb string, err error) error {
	var dead *deathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &dead):
		return damaged(f.name, err)
	case errnoOf(err) != 0:
		return fmt.Errorf("%s %s: %w", verb, f.name, InWords(err))
	}
	return err
}

// deathError is a panic or memory fault that was caught.
type deathError struct{ cause any }

func (e *deathError) Error() string { return fmt.Sprint(e.cause) }

// guard turns a panic of fn, and a fault on mapped memory, into a deathError.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = &deathError{cause}
		}
	}()
	return fn()
}
