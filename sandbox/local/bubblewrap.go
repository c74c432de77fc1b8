package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The places inside every jail.
const (
	insideHome       = "/home/lab"
	insideExecutable = "/opt/lectern/lectern"
	insideUser       = 1000
)

// papers is the folder of the courses in a jail's home.
const papers = "papers"

func jailed(courseID string) place {
	return place{
		executable: insideExecutable, home: insideHome,
		course: filepath.Join(insideHome, papers, courseID),
	}
}

// findBubblewrap returns the path of bwrap after it has shown that it can make
// a jail here: distributions exist that forbid user namespaces.
func findBubblewrap(ctx context.Context, executable string) (string, error) {
	const off = "or set sandbox.local.isolation to none, which lets the tutor run unprotected as your own user"
	path, err := exec.LookPath("bwrap")
	if err != nil {
		return "", fmt.Errorf("sandboxes need bubblewrap, and bwrap is not installed: install the package bubblewrap, %s", off)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	args := append(namespaces(), system()...)
	args = append(args, "--ro-bind", executable, insideExecutable, "--", insideExecutable, "version")
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{}
	out, err := cmd.CombinedOutput()
	if err != nil {
		said, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return "", fmt.Errorf("bubblewrap cannot make a sandbox on this machine (%s): allow unprivileged user namespaces, %s",
			errors.Join(err, errors.New(said)), off)
	}
	return path, nil
}

// namespaces cut a jail off from the host: no network but its own empty one,
// no other user's processes, no privileges and no way to new ones.
func namespaces() []string {
	return []string{
		"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try",
		"--uid", strconv.Itoa(insideUser), "--gid", strconv.Itoa(insideUser),
		"--disable-userns", "--cap-drop", "ALL", "--new-session",
		"--hostname", "lectern",
	}
}

// What of the host every jail can read.
var (
	hostPrograms = []string{"/bin", "/sbin", "/lib", "/lib64", "/lib32"} // besides /usr
	hostSettings = []string{"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/terminfo"}
)

// refuseVisible tells where dir, which need not be there yet, would be readable
// in every jail.
func refuseVisible(dir string) error {
	there := dir
	real, err := filepath.EvalSymlinks(there)
	for errors.Is(err, os.ErrNotExist) {
		there = filepath.Dir(there)
		real, err = filepath.EvalSymlinks(there)
	}
	if err != nil {
		return fmt.Errorf("look for the data folder: %w", err)
	}
	for _, seen := range slices.Concat([]string{"/usr"}, hostPrograms, hostSettings) {
		if real == seen || strings.HasPrefix(real, seen+"/") {
			return fmt.Errorf("every sandbox can read %s and so the data folder %s: set data_dir to a folder elsewhere, such as /var/lib/lectern", seen, dir)
		}
	}
	return nil
}

// system is the read-only part of the host that programs need to run, and what
// each jail has of its own for them.
func system() []string {
	args := []string{"--ro-bind", "/usr", "/usr"}
	for _, dir := range hostPrograms {
		// On merged-/usr systems these are links into /usr; elsewhere folders.
		if target, err := os.Readlink(dir); err == nil {
			args = append(args, "--symlink", target, dir)
		} else {
			args = append(args, "--ro-bind-try", dir, dir)
		}
	}
	for _, file := range hostSettings {
		args = append(args, "--ro-bind-try", file, file)
	}
	return slices.Concat(args, kernel(),
		[]string{"--dev", "/dev", "--size", strconv.Itoa(64 << 20), "--tmpfs", "/tmp"})
}

// kernel is a jail's /proc, without what in it is for the host's root. Where
// root runs the gateway, a jail's user is root to the kernel, and much of /proc
// asks for nothing more than that: neither its settings (proc_sys_permission)
// nor its other files look at capabilities.
func kernel() []string {
	args := []string{"--proc", "/proc"}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return append(args, "--ro-bind", "/proc/sys", "/proc/sys")
	}
	for _, e := range entries {
		path := filepath.Join("/proc", e.Name())
		if _, err := strconv.Atoi(e.Name()); err == nil || e.Type()&os.ModeSymlink != 0 {
			continue // the processes, and what leads to one's own
		}
		switch info, err := e.Info(); {
		case err != nil:
		case info.IsDir():
			args = append(args, "--ro-bind-try", path, path)
		case info.Mode().Perm() != 0o444: // root alone may write or read it
			args = append(args, "--ro-bind-try", "/dev/null", path)
		}
	}
	return args
}

// jailArguments puts a learner's jail together.
func (b *Backend) jailArguments(name, courseDir string, at place) ([]string, error) {
	dir := b.path(name)
	accounts := map[string]string{
		"passwd": fmt.Sprintf("lab:x:%d:%d:Learner:%s:/bin/sh\n", insideUser, insideUser, insideHome),
		"group":  fmt.Sprintf("lab:x:%d:\n", insideUser),
	}
	if err := makePapers(b.home(name)); err != nil {
		return nil, fmt.Errorf("make the folder of the courses: %w", err)
	}
	args := append(namespaces(), system()...)
	for file, text := range accounts {
		outside := filepath.Join(dir, file)
		if err := os.WriteFile(outside, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write the sandbox's accounts: %w", err)
		}
		args = append(args, "--ro-bind", outside, "/etc/"+file)
	}
	args = append(args,
		"--info-fd", strconv.Itoa(infoFD), "--block-fd", strconv.Itoa(blockFD),
		"--sync-fd", strconv.Itoa(lockFD), // held by the first process inside, so until the last one ends
		"--ro-bind", b.opts.Executable, insideExecutable,
		"--bind", b.home(name), insideHome,
		"--tmpfs", filepath.Join(insideHome, papers), // what a learner keeps there is not in the way
		"--ro-bind", courseDir, at.course,
		"--remount-ro", filepath.Join(insideHome, papers),
		"--chdir", insideHome,
	)
	if b.opts.Model != nil {
		model, err := b.modelArguments(name)
		if err != nil {
			return nil, err
		}
		args = append(args, model...)
	}
	return append(args, "--remount-ro", "/"), nil
}

// makePapers sees to it that the courses of a kept home have a folder, and no
// link in its place: bubblewrap makes what it mounts on while it still sees the
// whole host, and would follow the link out there.
func makePapers(home string) error {
	if err := os.Chmod(home, 0o700); err != nil { // the learner may have changed it
		return err
	}
	root, err := os.OpenRoot(home)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	info, err := root.Lstat(papers)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case info.IsDir():
		return nil
	default:
		if err := root.Remove(papers); err != nil {
			return err
		}
	}
	return root.Mkdir(papers, 0o755)
}
