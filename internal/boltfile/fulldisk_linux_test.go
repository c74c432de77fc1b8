package boltfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// roleVariable makes the test binary, started again, play a part in a test.
const (
	roleVariable   = "BOLTFILE_TEST_ROLE"
	folderVariable = "BOLTFILE_TEST_FOLDER"
)

func TestMain(m *testing.M) {
	var play func(folder string) error
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "full disk":
		play = playFullDisk
	case "file limit":
		play = playFileLimit
	}
	if err := play(os.Getenv(folderVariable)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// again runs the test binary in a role.
func again(t *testing.T, role string, attributes *syscall.SysProcAttr) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), roleVariable+"="+role, folderVariable+"="+t.TempDir())
	command.SysProcAttr = attributes
	output, err := command.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || strings.Contains(string(output), "mount:") {
		t.Skipf("mounts are not allowed here: %v %s", err, output)
	}
	if err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

// The disk is a small one in memory, mounted where only the child sees it.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may mount the small disk that this test fills")
	}
	again(t, "full disk", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS})
}

func TestFileLimit(t *testing.T) {
	again(t, "file limit", nil)
}

func playFullDisk(folder string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mount: make private: %w", err)
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=512k,mode=700"); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if err := createOnFullDisk(folder); err != nil {
		return err
	}
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 200<<10), 0o600); err != nil {
		return err
	}
	f, err := Open(filepath.Join(folder, "test.db"), Options{})
	if err != nil {
		return err
	}
	written, err := writeUntil(f, syscall.ENOSPC, "the disk is full")
	if err != nil {
		return err
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	return expectUsable(f, written)
}

// createOnFullDisk: no half file may stay, or every later start would fail.
func createOnFullDisk(folder string) error {
	ballast := filepath.Join(folder, "ballast")
	err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600)
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk took too much: %w", err)
	}
	path := filepath.Join(folder, "test.db")
	if _, err := Open(path, Options{}); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the disk is full") {
		return fmt.Errorf("open on a full disk gave: %w", err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	f, err := Open(path, Options{})
	if err != nil {
		return fmt.Errorf("after a failed creation: %w", err)
	}
	return f.Close()
}

func playFileLimit(folder string) error {
	f, err := Open(filepath.Join(folder, "test.db"), Options{})
	if err != nil {
		return err
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 200 << 10, Max: before.Max}); err != nil {
		return err
	}
	written, err := writeUntil(f, syscall.EFBIG, "the largest size that is allowed")
	if err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	return expectUsable(f, written)
}

var value = bytes.Repeat([]byte("v"), 5000)

// writeUntil writes until errno stops it, and once more, and then reads.
func writeUntil(f *File, errno syscall.Errno, words string) (written int, err error) {
	for err == nil {
		if written > 1000 {
			return 0, errors.New("nothing stopped the writes")
		}
		if err = put(f, fmt.Sprint(written), value); err == nil {
			written++
		}
	}
	for range 3 {
		if !errors.Is(err, errno) || !strings.Contains(err.Error(), words) {
			return 0, fmt.Errorf("a write gave: %w", err)
		}
		err = put(f, "one more", bytes.Repeat(value, 20))
	}
	return written, expectRead(f, written)
}

func expectRead(f *File, written int) error {
	for i := range written {
		if got, err := get(f, fmt.Sprint(i)); err != nil || !bytes.Equal(got, value) {
			return fmt.Errorf("value %d of %d: %d bytes, %w", i, written, len(got), err)
		}
	}
	return nil
}

// expectUsable writes with room again, and opens the file anew.
func expectUsable(f *File, written int) error {
	for range 10 {
		if err := put(f, fmt.Sprint(written), value); err != nil {
			return fmt.Errorf("a write with room again: %w", err)
		}
		written++
	}
	if err := f.Close(); err != nil {
		return err
	}
	f, err := Open(f.Path(), Options{})
	if err != nil {
		return err
	}
	defer f.Close()
	return expectRead(f, written)
}
