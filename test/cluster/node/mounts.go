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
	if err := n.ownKernelSettings(); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(n.Name)); err != nil {
		return fmt.Errorf("name the node: %w", err)
	}
	return nil
}

// kernelSettings are what the kubelet asks of the kernel, below /proc/sys.
var kernelSettings = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// ownKernelSettings shows the kubelet the settings as it wants them. Else it
// would set them, for the whole machine and for good.
func (n Node) ownKernelSettings() error {
	for name, value := range kernelSettings {
		file := filepath.Join("/run/sysctl", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		setting := filepath.Join("/proc/sys", name)
		if _, err := os.Stat(setting); err != nil {
			continue // this kernel has no such setting
		}
		if err := unix.Mount(file, setting, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("cover %s: %w", setting, err)
		}
	}
	return nil
}
