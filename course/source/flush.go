package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// A rename can reach the disk before what was renamed does: then a machine that
// loses its power finds a copy that counts and is empty.

// flushTree brings a folder and all below it to the disk.
func (s *shelf) flushTree(name string) error {
	return fs.WalkDir(s.root.FS(), name, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("write to the cache: %w", err)
		}
		return s.flush(name)
	})
}

// flush brings a file to the disk, or a folder's list of names.
func (s *shelf) flush(name string) error {
	file, err := s.root.Open(name)
	if err == nil {
		err = s.sync(file)
		file.Close()
	}
	if err != nil {
		return fmt.Errorf("write to the cache: %w", err)
	}
	return nil
}

// syncFile is the shelf's way to the disk. Some file systems have none for
// folders.
func syncFile(file *os.File) error {
	if err := file.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
