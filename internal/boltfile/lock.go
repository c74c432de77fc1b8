package boltfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// mostTries is for a file system that cannot tell that a file is the same.
const mostTries = 10

// openLocked opens the file that has the name once it is locked. While it waits
// for the lock, another may be put in that place (Held.Replace), and whoever
// wrote to the one before would write for nobody.
func openLocked(name string, flag int, mode os.FileMode, how int, timeout time.Duration) (*os.File, error) {
	for range mostTries {
		file, err := os.OpenFile(name, flag, mode)
		if err != nil {
			return nil, err
		}
		if err := lock(file, how, timeout); err != nil {
			file.Close()
			return nil, err
		}
		same, err := hasName(file, name)
		if err == nil && same {
			return file, nil
		}
		file.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s is another file each time that it is opened; stop whatever replaces it", name)
}

// OpenUnused opens a database file to read it as it is, sound or not. Nobody
// who writes has it open then: the error wraps ErrInUse where one has.
func OpenUnused(path string) (*os.File, error) {
	return openLocked(path, os.O_RDONLY, 0, syscall.LOCK_SH, 0)
}

// hasName tells whether it is this file that has the name.
func hasName(file *os.File, name string) (bool, error) {
	ours, err := file.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(ours, named), err
}

// lock takes the same lock as bbolt does. bbolt takes it again on the same
// open file, which succeeds at once.
func lock(file *os.File, how int, timeout time.Duration) error {
	const pause = 20 * time.Millisecond
	deadline := time.Now().Add(timeout)
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("lock the file: %w", err)
		case time.Now().After(deadline):
			return fmt.Errorf("%s is used by another gateway; stop that one, or give this one a data folder of its own: %w", file.Name(), ErrInUse)
		}
		time.Sleep(pause)
	}
}
