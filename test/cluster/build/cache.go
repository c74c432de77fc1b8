// Package build makes what a test cluster needs from Go modules and Debian
// packages, and keeps it outside the work tree: the Kubernetes program, a
// Debian base, and the container images.
package build

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lectern/test/cluster/lock"
)

// Cache is the folder where things are kept, one entry for each set of inputs.
type Cache struct {
	Dir    string
	Source string    // the top of Lectern's work tree
	Log    io.Writer // what is being waited for, and what the builders print
}

// kind is a kind of entry, and how long one stays that nobody uses. Those that
// change with every build of Lectern stay a short time: a sandbox's image has half a
// gigabyte.
type kind struct {
	name    string
	keepFor time.Duration
}

const (
	keepLong   = 30 * 24 * time.Hour
	keepImages = 3 * time.Hour
)

// entry returns the path of the entry kind-key, after making it if it is not
// there. fill writes it into an empty folder, which becomes the entry only
// when it is complete. One process at a time fills.
func (c Cache) entry(ctx context.Context, kind kind, key string, fill func(ctx context.Context, dir string) error) (string, error) {
	path := filepath.Join(c.Dir, kind.name+"-"+key)
	if isThere(path) {
		return path, nil
	}
	unlock, err := c.lock(ctx, kind.name)
	if err != nil {
		return "", err
	}
	defer unlock()
	if isThere(path) { // made while we waited
		return path, nil
	}
	if err := c.forget(kind); err != nil {
		return "", err
	}
	fresh := filepath.Join(c.Dir, kind.name+".new")
	if err := os.RemoveAll(fresh); err != nil {
		return "", err
	}
	if err := os.Mkdir(fresh, 0o755); err != nil {
		return "", err
	}
	if err := fill(ctx, fresh); err != nil {
		return "", errors.Join(err, os.RemoveAll(fresh))
	}
	return path, os.Rename(fresh, path)
}

// isThere also notes that the entry is in use.
func isThere(path string) bool {
	now := time.Now()
	return os.Chtimes(path, now, now) == nil
}

// forget removes entries that nobody has used for long.
func (c Cache) forget(kind kind) error {
	entries, err := filepath.Glob(filepath.Join(c.Dir, kind.name+"-*"))
	if err != nil {
		return err
	}
	for _, path := range entries {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < kind.keepFor {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("clean the cache: %w", err)
		}
	}
	return nil
}

// lock makes sure that two runs do not build the same thing.
func (c Cache) lock(ctx context.Context, what string) (unlock func(), err error) {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(c.Dir, what+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the cache: %w", err)
	}
	err = lock.Take(ctx, file, func() { fmt.Fprintf(c.Log, "waiting for another run that makes the same: %s\n", what) })
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}

// keyOf is a name for a set of inputs: facts as they are, and the content of
// every file at or below the paths, which are relative to root.
func keyOf(facts []string, root string, paths ...string) (string, error) {
	hash := sha256.New()
	for _, fact := range facts {
		fmt.Fprintf(hash, "%q\n", fact)
	}
	slices.Sort(paths)
	for _, path := range paths {
		err := filepath.WalkDir(filepath.Join(root, path), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			return addFile(hash, root, path)
		})
		if err != nil {
			return "", fmt.Errorf("look at what is to be built: %w", err)
		}
	}
	return fmt.Sprintf("%x", hash.Sum(nil))[:16], nil
}

func addFile(hash io.Writer, root, path string) error {
	name, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	fmt.Fprintf(hash, "%q %v %d\n", name, info.Mode(), info.Size())
	_, err = io.Copy(hash, file)
	return err
}

// run runs a builder to its end, in PID and mount namespaces of its own: where
// it is interrupted, none of its processes and mounts stay.
func run(ctx context.Context, cmd *exec.Cmd) error {
	output := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID, Unshareflags: unix.CLONE_NEWNS}
	err := cmd.Run()
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, lastLines(output.String()))
	}
	return nil
}

func lastLines(text string) string {
	const most = 20
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-most):], "\n  ")
}
