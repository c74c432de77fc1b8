// Package wholefile makes files that appear whole or not at all. Those that
// Create makes never replace a file which is already there.
//
// It knows nothing of what is in the files.
package wholefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Create makes the file path. It calls write with the name of a file beside
// it that does not exist yet; what write leaves there, with the permissions
// that write gave it, becomes path in one step and is durable when Create
// returns. When write fails or the process dies, path does not exist; at
// worst a hidden file with the suffix .new stays behind. A file that is
// already at path stays as it is, and the error is fs.ErrExist.
func Create(path string, write func(temporary string) error) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return build(path, write, publish)
}

// Replace is Create, but the file may be there already: it is the old one or
// the new one at any time.
func Replace(path string, write func(temporary string) error) error {
	return build(path, write, os.Rename)
}

// build has write make a file, and give puts it into its place.
func build(path string, write func(temporary string) error, give func(temporary, path string) error) error {
	folder, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.new")
	if err != nil {
		return fmt.Errorf("make a folder to write in: %w", err)
	}
	defer os.RemoveAll(folder)
	temporary := filepath.Join(folder, filepath.Base(path))
	if err := write(temporary); err != nil {
		return err
	}
	if err := Sync(temporary); err != nil {
		return err
	}
	if err := give(temporary, path); err != nil {
		return err
	}
	return Sync(filepath.Dir(path))
}

// publish links, since a link never replaces a file, where a rename would.
func publish(temporary, path string) error {
	err := os.Link(temporary, path)
	for _, unsupported := range []error{syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS, syscall.EXDEV} {
		if errors.Is(err, unsupported) {
			return os.Rename(temporary, path)
		}
	}
	return err
}

// Sync makes a file's content, or a folder's list of names, durable.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closed := f.Close(); err == nil {
		err = closed
	}
	// Some network file systems cannot sync a folder and say so with EINVAL.
	if errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}
