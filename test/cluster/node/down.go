package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// downLimit is how long the node's processes may take to be gone.
const downLimit = 30 * time.Second

// Down ends the node, if it is running, and clears away what is left of it,
// also of one that crashed or that a reboot ended. tell is given a line where another
// command has to end first.
func (n Node) Down(ctx context.Context, tell func(line string)) error {
	if _, err := os.Stat(n.Dir()); err == nil {
		unlock, err := n.lock(ctx, tell)
		if err != nil {
			return err
		}
		defer unlock()
	}
	if err := n.clear(); err != nil {
		return err
	}
	if err := os.RemoveAll(n.Dir()); err != nil {
		return fmt.Errorf("remove the folder of the cluster: %w", err)
	}
	_ = os.Remove(stateRoot) // only works for the last one
	return nil
}

// clear is Down without the folder itself, whose lock the caller holds.
func (n Node) clear() error {
	pid, err := n.PID()
	switch {
	case err == nil:
		if err := end(pid); err != nil {
			return err
		}
	case !errors.Is(err, ErrDown):
		return err
	}
	groups, err := machineHierarchies()
	if err != nil {
		return err
	}
	if err := groups.remove(n.cgroup(), downLimit); err != nil {
		return err
	}
	entries, err := os.ReadDir(n.Dir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(n.Dir(), entry.Name())); err != nil {
			return fmt.Errorf("clear the folder of the cluster: %w", err)
		}
	}
	return nil
}

// end kills the node's first process and returns when it is gone, which the
// kernel lets it be only after every other process of its namespace.
func end(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the node's first process: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("end the node: %w", err)
	}
	deadline := time.Now().Add(downLimit)
	for {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		ready, err := unix.Poll(poll, int(time.Until(deadline).Milliseconds()))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("wait for the end of the node: %w", err)
		}
		if ready == 0 {
			return fmt.Errorf("the processes of the node were not gone after %s; process %d is its first", downLimit, pid)
		}
		return nil
	}
}
