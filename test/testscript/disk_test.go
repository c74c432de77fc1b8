package testscript_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// insideVariable is set in the process that may mount, and names the folder of
// the program under test.
const insideVariable = "LECTERN_TEST_INSIDE"

// TestFullDisk walks the journeys that need a disk of their own: small ones in
// memory, mounted where only a process that is started for it sees them.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Getenv(insideVariable) != "" {
		journeys(t, "testdata-disk")
		return
	}
	if os.Getuid() != 0 {
		t.Skip("only root may mount the small disk that this journey fills")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	inside := exec.CommandContext(t.Context(), self, "-test.run=^TestFullDisk$", "-test.v")
	inside.Env = append(os.Environ(), insideVariable+"="+binary)
	inside.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := inside.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("mounts are not allowed here: %v", err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// disk DIR SIZE mounts a disk of that size.
func disk(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=700,size="+args[1]))
	w := worldOf(ts)
	w.disks = append(w.disks, dir)
}

// fill DIR leaves no free block on a disk, not even inside of its databases,
// as on a file system that writes every block anew, such as btrfs or ZFS.
// ! fill DIR makes room again.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	ballast := filepath.Join(dir, "ballast")
	if neg {
		ts.Check(os.Remove(ballast))
		return
	}
	databases, err := filepath.Glob(filepath.Join(dir, "*.db"))
	ts.Check(err)
	for _, database := range databases {
		ts.Check(punchFreePages(database, ts.MkAbs("copy.db")))
	}
	file, err := os.Create(ballast)
	ts.Check(err)
	block := make([]byte, os.Getpagesize())
	for err == nil {
		_, err = file.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		ts.Fatalf("the disk did not become full: %v", err)
	}
	ts.Check(file.Close())
}

// punchFreePages gives the blocks of the pages that a database does not use
// back to the disk. Which they are is read from a copy, since the gateway has
// the database open.
func punchFreePages(database, scratch string) error {
	data, err := os.ReadFile(database)
	if err != nil {
		return err
	}
	if err := os.WriteFile(scratch, data, 0o600); err != nil {
		return err
	}
	db, err := bbolt.Open(scratch, 0o600, nil)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	file, err := os.OpenFile(database, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	size := int64(db.Info().PageSize)
	return db.View(func(tx *bbolt.Tx) error {
		for id := range int64(len(data)) / size {
			page, err := tx.Page(int(id))
			if err != nil {
				return err
			}
			if page != nil && page.Type != "free" {
				continue
			}
			if err := unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, id*size, size); err != nil {
				return err
			}
		}
		return nil
	})
}
