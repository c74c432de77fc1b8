// Package lock lets one process at a time do a thing, by a lock on an open
// file or folder that the kernel releases with its holder (flock(2)).
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// askEvery is how often a lock is asked for that another one holds. The kernel
// could wait for it, but not be told to stop.
const askEvery = 100 * time.Millisecond

// Take returns when the lock on the file is this process's, which it is until
// the file is closed. busy is called if another process holds it.
func Take(ctx context.Context, file *os.File, busy func()) error {
	try := func() error { return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
	err := try()
	if errors.Is(err, unix.EWOULDBLOCK) {
		busy()
	}
	ask := time.NewTicker(askEvery)
	defer ask.Stop()
	for errors.Is(err, unix.EWOULDBLOCK) {
		select {
		case <-ctx.Done():
			return errors.New("interrupted")
		case <-ask.C:
			err = try()
		}
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return nil
}
