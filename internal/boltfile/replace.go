package boltfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"lectern/internal/wholefile"
)

// Held is a database file that nobody can open, whether it is sound or not, or
// a place where none is yet.
type Held struct {
	path string
	file *os.File // nil where none is
}

// Hold keeps everybody from the file path. It waits timeout for those who have
// it open; the error wraps ErrInUse when they keep it.
func Hold(path string, timeout time.Duration) (*Held, error) {
	// For writing, as NFS wants it of who locks others out (flock(2)).
	file, err := openLocked(path, os.O_RDWR, 0, syscall.LOCK_EX, timeout)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &Held{path: path, file: file}, nil
}

// Release lets the others go on. What was replaced is theirs no more.
func (h *Held) Release() {
	if h.file != nil {
		h.file.Close()
	}
}

// Exists tells whether there is a file.
func (h *Held) Exists() bool { return h.file != nil }

// Replace puts the file that write makes, as wholefile.Create has it made, in
// the place of the held one, which stays under the name kept. Whenever this is
// interrupted, the path has the whole old or the whole new file, and the old
// one is never without a name. A file that is already at kept stays as it is,
// and the error is fs.ErrExist; so it is where a file has come to be since Hold
// has found none.
func (h *Held) Replace(kept string, write func(temporary string) error) error {
	put := wholefile.Create
	if h.file != nil {
		put = wholefile.Replace
	}
	var fresh *os.File
	defer func() {
		if fresh != nil {
			fresh.Close()
		}
	}()
	err := put(h.path, func(temporary string) error {
		err := write(temporary)
		if err == nil {
			// Held as well, for what a gateway adds to it counts only once it
			// is in its place for good. Whoever owns the folder could have put a
			// link there.
			fresh, err = openLocked(temporary, os.O_RDWR|syscall.O_NOFOLLOW, 0, syscall.LOCK_EX, 0)
		}
		if err == nil {
			err = h.own(fresh)
		}
		if err == nil {
			err = h.keep(kept)
		}
		return err
	})
	return InWords(err)
}

// own gives the file to the owner of the held one, or of the folder where none
// is: root may put there what the gateway's user has to read.
func (h *Held) own(fresh *os.File) error {
	like, err := os.Stat(filepath.Dir(h.path))
	if h.file != nil {
		like, err = h.file.Stat()
	}
	if err != nil {
		return err
	}
	owner, ok := like.Sys().(*syscall.Stat_t)
	if !ok || h.file == nil && os.Geteuid() != 0 {
		return nil
	}
	if err := fresh.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("give the new file to the owner of the old one, so run this as that user: %w", err)
	}
	if h.file == nil {
		return nil
	}
	return fresh.Chmod(like.Mode().Perm())
}

// keep gives the held file a second name, durably.
func (h *Held) keep(kept string) error {
	if h.file == nil {
		return nil
	}
	err := os.Link(h.path, kept)
	for _, unsupported := range []error{syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS} {
		if errors.Is(err, unsupported) {
			return wholefile.Create(kept, h.copy)
		}
	}
	if err != nil {
		return err
	}
	return wholefile.Sync(filepath.Dir(kept))
}

func (h *Held) copy(to string) error {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, h.file)
	return errors.Join(err, out.Close())
}
