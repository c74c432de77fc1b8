package gateway

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestNothingIsLeft runs 50 sessions through every way of leaving and wants
// the goroutines of before and no process.
func TestNothingIsLeft(t *testing.T) {
	l := newLab(t, nil)
	one := func(i int) {
		client := l.dial()
		c := open(t, client, "")
		switch i % 4 {
		case 0: // leaves the picker
			c.shows("Only stage")
			c.types("q" + strings.Repeat("x", 10_000)) // more than anybody will read
			_ = c.session.Wait()
		case 1: // vanishes in the picker
			c.shows("Only stage")
		case 2: // the tutor exits
			c.enter()
			c.types("exit 0\r")
			c.shows("Only stage")
			c.types("q")
			_ = c.session.Wait()
		case 3: // vanishes in the sandbox, comes back and ends it
			c.enter()
			_ = client.Close()
			client = l.dial()
			c = open(t, client, "")
			c.shows("Continue")
			c.types("\r")
			c.expect("hello from")
			c.types("exit 0\r")
			c.shows("Only stage")
		}
		_ = client.Close()
	}
	for i := range 4 {
		one(i)
	}
	settle := func(limit int) int {
		n := runtime.NumGoroutine()
		for deadline := time.Now().Add(10 * time.Second); n > limit && time.Now().Before(deadline); n = runtime.NumGoroutine() {
			time.Sleep(10 * time.Millisecond)
		}
		return n
	}
	before := settle(0)
	for i := range 50 {
		one(i)
	}
	if after := settle(before); after > before {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines before 50 sessions, %d after\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		infos, err := l.server.lifecycle.List(t.Context())
		left := processesIn(t, l.dir)
		if err == nil && len(infos) == 0 && len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("sandboxes are left: %v, %v; processes: %v", infos, err, left)
		}
	}
}

// processesIn lists the processes that work below dir, as all of a sandbox do
// that is no jail.
func processesIn(t *testing.T, dir string) (pids []string) {
	t.Helper()
	folders, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if at, err := os.Readlink(folder); err == nil && strings.HasPrefix(at, dir) {
			pids = append(pids, filepath.Base(filepath.Dir(folder)))
		}
	}
	return pids
}
