package node

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// hierarchies are the control group file systems of a machine: one for each
// controller under version 1, a single one under version 2, or both kinds.
type hierarchies struct {
	v1, v2 []string
}

// unified tells whether version 2 alone is in charge. A machine of version 1
// may have an empty hierarchy of version 2 beside it.
func (h hierarchies) unified() bool { return len(h.v1) == 0 }

// findHierarchies reads the kernel's list of mounts, /proc/self/mounts.
func findHierarchies(mounts io.Reader) (hierarchies, error) {
	var h hierarchies
	lines := bufio.NewScanner(mounts)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 {
			continue
		}
		switch fields[2] {
		case "cgroup":
			h.v1 = append(h.v1, fields[1])
		case "cgroup2":
			h.v2 = append(h.v2, fields[1])
		}
	}
	if err := lines.Err(); err != nil {
		return h, fmt.Errorf("read the list of mounts: %w", err)
	}
	if len(h.v1)+len(h.v2) == 0 {
		return h, errors.New("this machine has no control groups, which Kubernetes needs: mount /sys/fs/cgroup")
	}
	return h, nil
}

func machineHierarchies() (hierarchies, error) {
	mounts, err := os.Open("/proc/self/mounts")
	if err != nil {
		return hierarchies{}, err
	}
	defer func() { _ = mounts.Close() }()
	return findHierarchies(mounts)
}

// make creates the group below which the kubelet puts all Pods.
func (h hierarchies) make(group string) error {
	roots := h.v1
	if h.unified() {
		roots = h.v2
	}
	for _, root := range roots {
		if h.unified() {
			if err := delegate(root); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(filepath.Join(root, group), 0o755); err != nil {
			return fmt.Errorf("make the control group of the cluster: %w", err)
		}
	}
	return nil
}

// delegate lets groups below root use every controller that root has.
func delegate(root string) error {
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("read the control group controllers: %w", err)
	}
	for _, controller := range strings.Fields(string(controllers)) {
		err := os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
		if err != nil && slices.Contains([]string{"cpu", "cpuset", "memory", "pids"}, controller) {
			return fmt.Errorf("hand the controller %s on to the cluster: %w (inside a container, move its processes out of the root group first)", controller, err)
		}
	}
	return nil
}

// remove takes a group away with all groups below it. A group stays busy for
// a moment after its last process has ended.
func (h hierarchies) remove(group string, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for _, root := range slices.Concat(h.v1, h.v2) {
		for {
			err := removeTree(filepath.Join(root, group))
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("remove the control group of the cluster: %w", err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// removeTree removes folders only, deepest first: the files of a control group
// go with it and cannot be removed.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
