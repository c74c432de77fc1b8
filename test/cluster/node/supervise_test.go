package node

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func newTestSupervisor(t *testing.T) *supervisor {
	t.Helper()
	s := newSupervisor(nil, t.TempDir())
	t.Cleanup(func() {
		for name := range s.processes {
			if err := s.halt(name); err != nil {
				t.Error(err)
			}
		}
		s.close()
	})
	return s
}

func shell(name, script string, ready check) component {
	return component{name: name, command: []string{"/bin/sh", "-c", script}, ready: ready}
}

func fileExists(path string) check {
	return func(context.Context, *client) error {
		_, err := os.Stat(path)
		return err
	}
}

func never(context.Context, *client) error { return errors.New("not yet") }

func TestComponentsStartInOrder(t *testing.T) {
	s := newTestSupervisor(t)
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	last := shell("last", "[ -e "+first+" ] && touch "+second+"; exec sleep 60", fileExists(second))
	last.after = []string{"first"}
	all := []component{last, shell("first", "touch "+first+"; exec sleep 60", fileExists(first))}
	told := &strings.Builder{}
	if err := s.bringUpAll(t.Context(), all, json.NewEncoder(told)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first", "last"} {
		if !strings.Contains(told.String(), `"step":"`+name+`"`) {
			t.Errorf("nobody was told that %s is ready: %s", name, told)
		}
	}
	for _, c := range s.list(all) {
		if !c.Running {
			t.Errorf("%s is not running: %s", c.Name, c.Ended)
		}
	}
}

func TestComponentThatDiesFailsTheStartAtOnce(t *testing.T) {
	s := newTestSupervisor(t)
	waits := shell("waits", "exec sleep 60", never)
	waits.after = []string{"dies"}
	begun := time.Now()
	err := s.bringUpAll(t.Context(), []component{shell("dies", "echo a clue; exit 3", never), waits}, json.NewEncoder(&strings.Builder{}))
	var broken *componentError
	if !errors.As(err, &broken) || broken.component != "dies" || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("the start failed with %v, want that dies ended with exit status 3", err)
	}
	if waited := time.Since(begun); waited > readyLimit/2 {
		t.Errorf("that took %s", waited)
	}
	if got := tail(logFile(s.logs, "dies")); got != "  a clue" {
		t.Errorf("its log ends with %q", got)
	}
}

func TestComponentThatDiesAfterItWasReadyFailsTheStart(t *testing.T) {
	s := newTestSupervisor(t)
	signal := filepath.Join(t.TempDir(), "go")
	dies := shell("dies", "until [ -e "+signal+" ]; do sleep 0.01; done", func(context.Context, *client) error { return nil })
	waits := shell("waits", "touch "+signal+"; exec sleep 60", never)
	waits.after = []string{"dies"}
	err := s.bringUpAll(t.Context(), []component{dies, waits}, json.NewEncoder(&strings.Builder{}))
	var broken *componentError
	if !errors.As(err, &broken) || broken.component != "dies" {
		t.Errorf("the start failed with %v, want that dies ended", err)
	}
}

func TestHaltAndStartAgain(t *testing.T) {
	s := newTestSupervisor(t)
	c := shell("c", "exec sleep 60", func(context.Context, *client) error { return nil })
	if err := s.bringUp(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := s.start(c); err == nil {
		t.Error("it could be started twice")
	}
	if err := s.halt("c"); err != nil {
		t.Fatal(err)
	}
	if list := s.list([]component{c}); list[0].Running || list[0].Ended != "killed by SIGKILL" {
		t.Errorf("after halt: %+v", list[0])
	}
	if err := s.bringUp(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := s.halt("d"); err == nil {
		t.Error("a component that does not exist could be halted")
	}
}

// Orphans of the node's processes become children of its first process. The
// test becomes such a parent too.
func TestOrphansAreWaitedFor(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }()
	s := newTestSupervisor(t)
	orphan := filepath.Join(t.TempDir(), "orphan")
	c := shell("c", "(sh -c 'echo $$ > "+orphan+"' &) ; exec sleep 60", fileExists(orphan))
	if err := s.bringUp(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the orphan to be gone", func() bool {
		pid, err := os.ReadFile(orphan)
		if err != nil || len(pid) == 0 {
			return false
		}
		_, err = os.Stat(filepath.Join("/proc", strings.TrimSpace(string(pid))))
		return errors.Is(err, os.ErrNotExist)
	})
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
