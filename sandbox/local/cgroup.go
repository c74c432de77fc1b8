package local

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// cgroups limit the memory and the number of processes of each sandbox. Only
// root may make them on most hosts; elsewhere a sandbox has what restrict sets
// and the limits of the gateway's user. Paths follow the kernel's cgroup-v1 and cgroup-v2 documents.
type cgroups struct {
	groups []controller // empty: no limits here
	log    *slog.Logger
}

// controller is a folder below which each sandbox gets a group, and what is
// written into the group's files.
type controller struct {
	base   string
	limits map[string]string
}

// layOut says where the groups would be, and what they would limit. dir tells
// this gateway's groups from those of another one on the same host.
func layOut(dir string, memory int64, processes int) *cgroups {
	const root = "/sys/fs/cgroup"
	group := fmt.Sprintf("lectern-%x", sha256.Sum256([]byte(dir)))[:20]
	c := &cgroups{}
	if memory <= 0 && processes <= 0 {
		return c
	}
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
		limits := make(map[string]string)
		addLimit(limits, "memory.max", memory)
		addLimit(limits, "pids.max", int64(processes))
		c.groups = []controller{{filepath.Join(root, group), limits}}
	} else {
		if memory > 0 {
			limits := make(map[string]string)
			addLimit(limits, "memory.limit_in_bytes", memory)
			c.groups = append(c.groups, controller{filepath.Join(root, "memory", group), limits})
		}
		if processes > 0 {
			limits := make(map[string]string)
			addLimit(limits, "pids.max", int64(processes))
			c.groups = append(c.groups, controller{filepath.Join(root, "pids", group), limits})
		}
	}
	return c
}

// openCgroups finds out what this host lets us limit.
func openCgroups(dir string, memory int64, processes int, log *slog.Logger) *cgroups {
	c := layOut(dir, memory, processes)
	c.log = log
	// The only sure way to know is to make a group.
	if err := c.make("probe"); err != nil {
		log.Warn("sandboxes have no limit on memory: this host lets the gateway make no control groups", "error", err)
		c.remove("probe")
		c.groups = nil
		return c
	}
	c.remove("probe")
	return c
}

func addLimit(limits map[string]string, file string, value int64) {
	if value > 0 {
		limits[file] = strconv.FormatInt(value, 10)
	}
}

func (c *cgroups) make(name string) error {
	for _, g := range c.groups {
		dir := filepath.Join(g.base, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(g.base, "cgroup.subtree_control")); err == nil {
			for _, at := range []string{filepath.Dir(g.base), g.base} {
				if err := os.WriteFile(filepath.Join(at, "cgroup.subtree_control"), []byte("+memory +pids"), 0o644); err != nil {
					return err
				}
			}
		}
		for file, value := range g.limits {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// add makes the group of a sandbox and puts its first processes in.
func (c *cgroups) add(name string, pids []int) error {
	if err := c.make(name); err != nil {
		return fmt.Errorf("limit the sandbox: %w", err)
	}
	for _, g := range c.groups {
		for _, pid := range pids {
			err := os.WriteFile(filepath.Join(g.base, name, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644)
			if err != nil {
				return fmt.Errorf("limit the sandbox: %w", err)
			}
		}
	}
	return nil
}

// remove takes the groups of an ended sandbox away. A group stays busy for a
// moment after its last process has been reaped.
func (c *cgroups) remove(name string) {
	for _, g := range c.groups {
		dir := filepath.Join(g.base, name)
		for range 50 {
			err := os.Remove(dir)
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
		_ = os.Remove(g.base) // only works for the last one
	}
}
