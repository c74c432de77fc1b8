package node

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// changeRoom gives this process, the first of its namespaces, the node's view
// of the file system: the machine's own, with a /var, a /run and a /proc of
// the node's. programs is the folder with the Kubernetes program.
func (n Node) changeRoom(programs string) error {
	// What the machine mounts from now on is seen inside, as tests with host
	// paths expect, and what is mounted inside is not seen by the machine.
	for _, propagation := range []uintptr{unix.MS_SLAVE, unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", propagation|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("separate the mounts of the node: %w", err)
		}
	}
	inside := filepath.Join(n.varDir(), "lib/kubernetes/bin")
	for _, dir := range []string{
		inside, n.runDir(), filepath.Join(n.varDir(), "log"), filepath.Join(n.varDir(), "tmp"),
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make the folders of the node: %w", err)
		}
	}
	if err := os.Symlink("/run", filepath.Join(n.varDir(), "run")); err != nil {
		return err
	}
	for _, bind := range []struct{ from, to string }{
		{programs, inside}, {n.runDir(), "/run"}, {n.varDir(), "/var"},
	} {
		if err := unix.Mount(bind.from, bind.to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("mount %s on %s: %w", bind.from, bind.to, err)
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount the node's /proc: %w", err)
	}
	if err := unix.Sethostname([]byte(n.Name)); err != nil {
		return fmt.Errorf("name the node: %w", err)
	}
	return nil
}
