package node

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lock makes the node's folder, if need be, and keeps it from others that would
// take the node up or down at the same time. The lock is on the folder itself,
// so none is left behind.
func (n Node) lock() (unlock func(), err error) {
	for {
		if err := os.MkdirAll(n.Dir(), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of the cluster: %w", err)
		}
		dir, err := os.Open(n.Dir())
		if err != nil {
			return nil, fmt.Errorf("open the folder of the cluster: %w", err)
		}
		unlock := func() { _ = dir.Close() }
		if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			unlock()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, fmt.Errorf("another command takes the cluster %s up or down just now; wait until it is done", n.Name)
			}
			return nil, fmt.Errorf("lock the cluster: %w", err)
		}
		if sameFolder(dir, n.Dir()) {
			return unlock, nil
		}
		unlock() // another one removed it before we had the lock
	}
}

func sameFolder(open *os.File, path string) bool {
	have, err := open.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(have, named)
}
