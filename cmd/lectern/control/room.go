package control

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// spare is what a copy leaves free on the disk, for what learners finish
// meanwhile.
const spare = 4 << 20

// Room tells whether a copy of the database fits on the disk of its data
// folder. The error is a sentence.
func Room(dataDir string, size int64) error {
	var disk unix.Statfs_t
	if err := unix.Statfs(dataDir, &disk); err != nil {
		return fmt.Errorf("look how much room %s has: %w", dataDir, err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < size+spare {
		return fmt.Errorf("%s has %d KiB free and a copy of the database wants %d: make room on that disk", dataDir, free>>10, (size+spare)>>10)
	}
	return nil
}
