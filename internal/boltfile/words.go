package boltfile

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	bolterrors "go.etcd.io/bbolt/errors"
)

// damaged is the one sentence about a file that cannot be trusted.
func damaged(name string, cause error) error {
	return &DamageError{Name: name, Cause: cause}
}

// DamageError is an error that wraps ErrDamaged, for those who have other
// advice than about a file in use.
type DamageError struct {
	Name  string
	Cause error
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s is damaged (%v) and was kept untouched: restore a backup, or move it away to begin anew", e.Name, e.Cause)
}

func (e *DamageError) Unwrap() []error { return []error{ErrDamaged, e.Cause} }

// isFormatError tells whether bbolt refused what is in a file.
func isFormatError(err error) bool {
	for _, refusal := range []error{bolterrors.ErrInvalid, bolterrors.ErrVersionMismatch, bolterrors.ErrChecksum} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// advice is what to do about an error of the operating system.
var advice = map[syscall.Errno]string{
	syscall.ENOSPC: "the disk is full, make room on it",
	syscall.EDQUOT: "the disk quota is used up, make room or ask for more",
	syscall.EFBIG:  "the file has reached the largest size that is allowed here, raise the limit",
	syscall.EROFS:  "the disk is read-only, mount it for writing",
	syscall.EACCES: "this user may not use the file, change its owner or permissions",
	syscall.EIO:    "the disk fails, replace it and restore a backup",
}

// InWords adds the advice to an error of the operating system, and makes sure that errors.Is finds the errno
// where bbolt has only kept its text.
func InWords(err error) error {
	errno := errnoOf(err)
	words, ok := advice[errno]
	if !ok {
		return err
	}
	if errors.Is(err, errno) {
		return fmt.Errorf("%s: %w", words, err)
	}
	return fmt.Errorf("%s: %w: %w", words, err, errno)
}

// errnoOf finds the operating system's error in err, or 0.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	if err == nil {
		return 0
	}
	for known := range advice {
		if strings.HasSuffix(err.Error(), known.Error()) {
			return known
		}
	}
	return 0
}
