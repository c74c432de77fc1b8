package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lectern/sandbox"
)

// jailOf makes a sandbox that runs script, and the Backend's Watch around it.
func jailOf(t *testing.T, isolation Isolation, script string) (*Backend, *jail, <-chan sandbox.Change) {
	t.Helper()
	opts := options(t, isolation)
	opts.Command = []string{"/bin/sh", "-c", script}
	b, err := New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	changes := make(chan sandbox.Change, 4)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- b.Watch(ctx, func(_ context.Context, c sandbox.Change) error {
			changes <- c
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	sb, err := b.Acquire(t.Context(), sandbox.Spec{
		Login: "ada", Session: "s", CourseID: "c", CourseDir: t.TempDir(), Stage: 1, Environ: []string{"TERM=xterm"},
	}, func(sandbox.Phase) {})
	if err != nil {
		t.Fatal(err)
	}
	j := sb.(*jail)
	t.Cleanup(func() { _ = j.Kill(context.Background(), "the test is over") })
	return b, j, changes
}

// child is the only child of a process.
func child(t *testing.T, pid int) int {
	t.Helper()
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	only, err := strconv.Atoi(strings.TrimSpace(string(list)))
	if err != nil {
		t.Fatalf("process %d has the children %q: %v", pid, list, err)
	}
	return only
}

// A holder that the kernel kills for want of memory cannot clear up after
// itself, and a tutor may ignore the hang-up of its terminal.
func TestKilledHolderLeavesNothing(t *testing.T) {
	b, j, changes := jailOf(t, Bubblewrap, "trap '' HUP TERM; echo up; while :; do sleep 3600; done")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	up := make(chan struct{}, 1)
	exits := make(chan sandbox.Exit, 1)
	go func() {
		exit, err := j.Attach(t.Context(), sandbox.Control, sandbox.Terminal{In: r, Out: notify(up), Size: sandbox.Size{Cols: 80, Rows: 24}})
		if err != nil {
			t.Error(err)
		}
		exits <- exit
	}()
	<-up
	first := j.record.PIDs[1]
	if err := syscall.Kill(child(t, first), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if exit := <-exits; exit.Ending != sandbox.Lost || exit.Reason == "" {
		t.Errorf("the learner is told %+v", exit)
	}
	select {
	case c := <-changes:
		if c.Ended == nil || c.Ended.Ending != sandbox.Lost {
			t.Errorf("noticed %+v", c)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody notices that the holder is gone")
	}
	// Whether the machine's own init has buried it yet is not ours to know.
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", first)); err == nil && !strings.Contains(string(stat), ") Z ") {
		t.Errorf("processes of the sandbox are left: %s", stat)
	}
	if b.alive(j.name) {
		t.Error("the sandbox counts as alive")
	}
}

// notify sends a token for output.
type notify chan<- struct{}

func (n notify) Write(p []byte) (int, error) {
	select {
	case n <- struct{}{}:
	default:
	}
	return len(p), nil
}

// A gateway that runs for weeks must not collect the dead.
func TestFirstProcessIsReaped(t *testing.T) {
	for _, isolation := range []Isolation{Bubblewrap, None} {
		t.Run(string(isolation), func(t *testing.T) {
			_, j, changes := jailOf(t, isolation, "sleep 3600")
			if err := j.Kill(t.Context(), "enough"); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(j.record.PIDs[0], 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("the first process of a killed sandbox is still to be waited for: %v", err)
			}
			<-changes
		})
	}
}

// A sandbox that has made room for the learner's next one is over, whatever the
// next one does.
func TestFormerSandboxIsOver(t *testing.T) {
	b, err := New(t.Context(), options(t, None))
	if err != nil {
		t.Fatal(err)
	}
	lock, free, err := tryLock(b.path("lab-x") + ".lock")
	if err != nil || !free {
		t.Fatal(free, err)
	}
	defer func() { _ = lock.Close() }()
	if err := os.Mkdir(b.path("lab-x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (record{Session: "next", Login: "x"}).write(b.path("lab-x")); err != nil {
		t.Fatal(err)
	}
	bystander := exec.Command("sleep", "60") // has got the former one's process id
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	former := &jail{backend: b, name: "lab-x", record: record{Session: "former", Login: "x", PIDs: []int{bystander.Process.Pid}}}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := former.Kill(ctx, "another stage"); err != nil {
		t.Errorf("the end of the former one is waited for: %v", err)
	}
	_ = bystander.Process.Signal(syscall.SIGTERM)
	if state, err := bystander.Process.Wait(); err != nil || state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("another's process was ended: %v, %v", state, err)
	}
}

// frozen is a sandbox whose holder answers nobody, as on a disk that hangs.
func frozen(t *testing.T) (*Backend, *jail, <-chan sandbox.Change) {
	t.Helper()
	b, j, changes := jailOf(t, Bubblewrap, "sleep 3600")
	holder := child(t, j.record.PIDs[1])
	if err := syscall.Kill(holder, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// On a busy machine its other threads go on until one of them has taken note.
	for deadline := time.Now().Add(10 * time.Second); !stopped(t, holder); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the holder does not stop")
		}
	}
	return b, j, changes
}

// stopped tells whether all threads of a process are.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("process %d has no threads: %v", pid, err)
	}
	for _, thread := range threads {
		if stat, err := os.ReadFile(thread); err == nil && !strings.Contains(string(stat), ") T ") {
			return false
		}
	}
	return true
}

func acquire(t *testing.T, b *Backend, login string) *jail {
	t.Helper()
	sb, err := b.Acquire(t.Context(), sandbox.Spec{
		Login: login, Session: "of " + login, CourseID: "c", CourseDir: t.TempDir(), Stage: 1,
	}, func(sandbox.Phase) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sb.Kill(context.Background(), "the test is over") })
	return sb.(*jail)
}

func TestSilentSandboxHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	b, _, changes := frozen(t)
	began := time.Now()
	acquire(t, b, "bob")
	infos, err := b.List(t.Context())
	if err != nil || len(infos) != 2 || !infos[0].Silent || infos[0].Login != "ada" || infos[1].Silent {
		t.Errorf("listed %+v, %v", infos, err)
	}
	sb, ok, err := b.Find(t.Context(), "ada")
	if !ok || err != nil {
		t.Fatalf("the silent one is not found: %v", err)
	}
	if took := time.Since(began); took > killLimit {
		t.Errorf("the others were held up for %s", took)
	}
	if err := sb.Reap(t.Context(), sandbox.NoEpoch, "it is silent"); err != nil {
		t.Error(err)
	}
	if c := <-changes; c.Ended == nil || c.Info.Login != "ada" || c.Ended.Ending != sandbox.Lost {
		t.Errorf("noticed %+v", c)
	}
}

func TestSilentSandboxIsReplaced(t *testing.T) {
	t.Parallel()
	b, old, _ := frozen(t)
	if fresh := acquire(t, b, "ada"); fresh.record.Session == old.record.Session {
		t.Error("the learner is brought to a sandbox that does not answer")
	}
}
