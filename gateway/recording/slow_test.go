package recording

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestASlowDiskStopsTheRecording: here nobody takes what waits.
func TestASlowDiskStopsTheRecording(t *testing.T) {
	l := newLab(t, t.TempDir(), 1<<30)
	r := newReel(l.Recorder, ada) // which nobody runs
	tape := &Tape{r}
	r.begin(tape, ada)
	begun := time.Now()
	for range 3 * maxPending / maxOutput {
		l.shows(tape, strings.Repeat("x", maxOutput))
		tape.Resize(1, 1)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the session waited for %s", took)
	}
	if r.bytes > maxPending+maxOutput+eventSize || len(r.pending) > maxPending/eventSize {
		t.Errorf("%d bytes in %d events wait", r.bytes, len(r.pending))
	}
	if n := strings.Count(l.log.String(), "the disk is too slow"); n != 1 {
		t.Errorf("the log says it %d times: %s", n, l.log.String())
	}
	last := r.pending[len(r.pending)-1]
	if last.code != marked || last.text != tooSlow {
		t.Errorf("the recording ends with %+v", last)
	}
}

// roleVariable makes the test binary, started again, play a part in a test.
const (
	roleVariable   = "RECORDING_TEST_ROLE"
	folderVariable = "RECORDING_TEST_FOLDER"
)

// TestFullDisk: the disk is a small one in memory, mounted where only the child
// sees it.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may mount the small disk that this test fills")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self)
	command.Env = append(os.Environ(), roleVariable+"=full disk", folderVariable+"="+t.TempDir())
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
	var log lockedLog
	options := Options{Dir: filepath.Join(disk, "recordings"), MaxSize: 1 << 30, Keep: time.Hour, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))}
	r, err := Open(options)
	if err != nil {
		return err
	}
	out := r.Begin(ada).Over(io.Discard)
	for range 100 {
		if n, err := out.Write(make([]byte, 4000)); n != 4000 || err != nil {
			return fmt.Errorf("the terminal takes %d bytes, %w", n, err)
		}
	}
	if err := r.Close(); err != nil {
		return err
	}
	if n := strings.Count(log.String(), "a recording stops"); n != 1 || !strings.Contains(log.String(), "no space left") {
		return fmt.Errorf("the log says it %d times: %s", n, log.String())
	}
	// A new one has no room for its first line, and leaves nothing.
	if err := os.WriteFile(filepath.Join(disk, "ballast"), make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk took too much: %w", err)
	}
	if r, err = Open(options); err != nil {
		return err
	}
	other := ada
	other.ID = "b2"
	r.Begin(other).Close()
	if err := r.Close(); err != nil {
		return err
	}
	// There is room again, and the learner comes back.
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		return err
	}
	if r, err = Open(options); err != nil {
		return err
	}
	before, err := r.files()
	if err != nil || len(before) != 1 {
		return fmt.Errorf("the recordings are %v, %w", before, err)
	}
	path := filepath.Join(options.Dir, before[0])
	if err := os.Truncate(path, 100<<10); err != nil { // as somebody who makes room
		return err
	}
	if _, err := io.WriteString(r.Begin(ada).Over(io.Discard), "and on"); err != nil {
		return err
	}
	if err := r.Close(); err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text[len(text)-200:]), `"o", "and on"]`) {
		return fmt.Errorf("it does not go on: %.200q, %w", text[max(0, len(text)-200):], err)
	}
	return nil
}
