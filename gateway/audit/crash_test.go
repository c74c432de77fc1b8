package audit

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// roleVariable makes the test binary, started again, play a part in a test.
const (
	roleVariable   = "AUDIT_TEST_ROLE"
	folderVariable = "AUDIT_TEST_FOLDER"
)

func TestMain(m *testing.M) {
	var play func(folder string) error
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "busy":
		play = playBusy
	case "full disk":
		play = playFullDisk
	}
	if err := play(os.Getenv(folderVariable)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func again(t *testing.T, role, folder string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self)
	command.Env = append(os.Environ(), roleVariable+"="+role, folderVariable+"="+folder)
	return command
}

// playBusy records for ever, in many goroutines, and prints the number of each
// event once it is recorded.
func playBusy(folder string) error {
	t, err := Open(Options{Dir: folder, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := worker; ; i += 8 {
				if err := t.Record(Event{Kind: Attached, Stage: i + 1, Detail: strings.Repeat("x", i%200)}); err != nil {
					return
				}
				fmt.Println(i + 1)
			}
		})
	}
	all.Wait()
	return nil
}

// TestKilled: whatever was said to be recorded is there after kill -9.
func TestKilled(t *testing.T) {
	folder := t.TempDir()
	var recorded []int
	for range 3 {
		busy := again(t, "busy", folder)
		out, err := busy.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := busy.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				break // cut by the end
			}
			if recorded = append(recorded, n); len(recorded)%300 == 0 {
				_ = busy.Process.Signal(syscall.SIGKILL)
			}
		}
		_ = busy.Wait()
	}
	tr, err := Open(Options{Dir: folder, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tr.Close() }()
	there := map[int]int{}
	if err := Read(folder, time.Time{}, func(l Line) error {
		there[l.Event.Stage]++
		return l.Err
	}); err != nil {
		t.Error(err)
	}
	for _, n := range recorded {
		if there[n]--; there[n] < 0 {
			t.Errorf("event %d was said to be recorded and is not there", n)
		}
	}
	if len(recorded) < 900 {
		t.Errorf("only %d events were recorded", len(recorded))
	}
}

// TestFullDisk: the disk is a small one in memory, mounted where only the child
// sees it.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may mount the small disk that this test fills")
	}
	command := again(t, "full disk", t.TempDir())
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	output, err := command.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || strings.Contains(string(output), "mount:") {
		t.Skipf("mounts are not allowed here: %v %s", err, output)
	}
	if err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

func playFullDisk(disk string) error {
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k,mode=700"); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	var log strings.Builder
	dir, ballast := filepath.Join(disk, "audit"), filepath.Join(disk, "ballast")
	t, err := Open(Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		return err
	}
	if err := t.Record(Event{Kind: Attached, Detail: "before"}); err != nil {
		return err
	}
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk took too much: %w", err)
	}
	recorded, missing := 1, 0
	for missing < 5 { // what is left of the last block takes some
		err := t.Record(Event{Kind: Attached, Detail: "during"})
		switch {
		case err == nil && missing > 0:
			return errors.New("there is room on a full disk")
		case err == nil:
			recorded++
		case errors.Is(err, syscall.ENOSPC):
			missing++
		default:
			return err
		}
	}
	if err := t.Ready(); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("it is ready: %w", err)
	}
	if n := strings.Count(log.String(), "cannot be written: make room"); n != 1 {
		return fmt.Errorf("the log says it %d times: %s", n, log.String())
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	if err := t.Ready(); err != nil {
		return fmt.Errorf("it is not ready: %w", err)
	}
	if err := t.Record(Event{Kind: Attached, Detail: "after"}); err != nil {
		return err
	}
	if !strings.Contains(log.String(), "some events are missing in it\" missing=5") {
		return fmt.Errorf("the log says %s", log.String())
	}
	var last []Event
	n := 0
	if err := Read(dir, time.Time{}, func(l Line) error {
		n++
		last = append(last, l.Event)
		return l.Err
	}); err != nil {
		return err
	}
	if n != recorded+2 || last[n-1].Detail != "after" || last[n-2].Kind != Gap || last[n-2].Count != 5 || last[n-2].Since.IsZero() {
		return fmt.Errorf("of %d events these are there: %d, the last %+v", recorded, n, last[max(0, n-2):])
	}
	if err := t.Close(); err != nil {
		return err
	}
	return openOnFullDisk(filepath.Join(disk, "another"), ballast)
}

// openOnFullDisk: there is no room even for the folder.
func openOnFullDisk(dir, ballast string) error {
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk took too much: %w", err)
	}
	t, err := Open(Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("open on a full disk: %w", err)
	}
	if err := t.Record(Event{Kind: Attached}); err == nil {
		return errors.New("there is room on a full disk")
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	if err := t.Record(Event{Kind: Attached}); err != nil {
		return err
	}
	return t.Close()
}
