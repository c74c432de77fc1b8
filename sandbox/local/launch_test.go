package local

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"lectern/sandbox"
	"lectern/sandbox/hold"
)

// A gateway may be killed between the start of a sandbox and its record.
func TestSandboxWithoutItsGatewayEnds(t *testing.T) {
	for _, isolation := range []Isolation{Bubblewrap, None} {
		t.Run(string(isolation), func(t *testing.T) {
			b, err := New(t.Context(), options(t, isolation))
			if err != nil {
				t.Fatal(err)
			}
			name := sandbox.Name("ada")
			for _, dir := range []string{b.path(name), b.home(name)} {
				if err := os.MkdirAll(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			lock, _, err := tryLock(b.path(name) + ".lock")
			if err != nil {
				t.Fatal(err)
			}
			w, err := newWires()
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			left, err := os.Create(b.exitFile(name))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = left.Close() }()
			listener, err := hold.Listen(b.socket(name))
			if err != nil {
				t.Fatal(err)
			}
			socket, err := listener.File()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = socket.Close() }()
			_ = listener.Close()
			cmd, err := b.command(name, sandbox.Spec{Login: "ada", Session: "s", CourseID: "c", CourseDir: t.TempDir(), Stage: 1})
			if err != nil {
				t.Fatal(err)
			}
			cmd.ExtraFiles = []*os.File{lock, w.tellReady, w.tellInfo, w.waitGo, socket, left, w.waitGo}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.handedOver()
			_ = lock.Close()
			_ = w.sayGo.Close() // and is killed
			giveUp := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
			err = cmd.Wait()
			if !giveUp.Stop() {
				t.Error("the sandbox lives on, and nobody knows of it")
			}
			var status *exec.ExitError
			if !errors.As(err, &status) {
				t.Errorf("the sandbox ended with %v", err)
			}
			if said, _ := hold.ParseExit(read(t, b.exitFile(name))); said.Ending != "" {
				t.Errorf("the tutor ran and ended with %+v", said)
			}
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSandboxWithoutRecordIsReplaced(t *testing.T) {
	t.Parallel()
	b, err := New(t.Context(), options(t, Bubblewrap))
	if err != nil {
		t.Fatal(err)
	}
	old := acquire(t, b, "ada")
	if err := os.Remove(recordPath(b.path(old.name))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), killLimit+10*time.Second)
	defer cancel()
	fresh, err := b.Acquire(ctx, sandbox.Spec{Login: "ada", Session: "next", CourseID: "c", CourseDir: t.TempDir(), Stage: 1}, func(sandbox.Phase) {})
	if err != nil {
		old.force()
		t.Fatal(err)
	}
	if err := fresh.Kill(t.Context(), "the test is over"); err != nil {
		t.Error(err)
	}
}

func TestFailedLaunchLeavesNothingOpen(t *testing.T) {
	b, err := New(t.Context(), options(t, None))
	if err != nil {
		t.Fatal(err)
	}
	// No log can be made in the place of a folder.
	if err := os.MkdirAll(filepath.Join(b.path("lab-x"), "hold.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	open := func() int {
		_, err := b.launch(t.Context(), "lab-x", sandbox.Spec{Login: "x", CourseDir: t.TempDir()}, nil)
		if err == nil {
			t.Fatal("there is a sandbox")
		}
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	before := open()
	if after := open(); after > before {
		t.Errorf("%d files are open after another launch that failed, and were %d before it", after, before)
	}
}
