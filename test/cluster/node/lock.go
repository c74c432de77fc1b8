package node

import (
	"context"
	"fmt"
	"os"

	"lectern/test/cluster/lock"
)

// lock makes the node's folder, if need be, and keeps others from taking the
// node up or down at the same time. The lock is on the folder itself, so none
// is left behind.
func (n Node) lock(ctx context.Context, tell func(line string)) (unlock func(), err error) {
	busy := func() { tell("waiting for another command that takes the cluster " + n.Name + " up or down") }
	for {
		if err := os.MkdirAll(n.Dir(), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of the cluster: %w", err)
		}
		dir, err := os.Open(n.Dir())
		if err != nil {
			return nil, fmt.Errorf("open the folder of the cluster: %w", err)
		}
		unlock := func() { _ = dir.Close() }
		if err := lock.Take(ctx, dir, busy); err != nil {
			unlock()
			return nil, err
		}
		if sameFolder(dir, n.Dir()) {
			return unlock, nil
		}
		unlock() // the one before us removed it
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
