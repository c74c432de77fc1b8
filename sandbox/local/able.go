package local

import (
	"context"
	"path/filepath"
)

// What this machine is able to do, for whoever asks before there is a backend.

// CanJail makes a jail and runs executable in it. The error says why it cannot,
// or why dir could not be the folder of a backend.
func CanJail(ctx context.Context, executable, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := refuseVisible(dir); err != nil {
		return err
	}
	_, err = findBubblewrap(ctx, executable)
	return err
}

// CanLimit makes a control group as one of a backend with that folder, and
// removes it again.
func CanLimit(dir string, memory int64, processes int) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	c := layOut(dir, memory, processes)
	defer c.remove("doctor")
	return c.make("doctor")
}
