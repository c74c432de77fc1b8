package gateway

import (
	"runtime"
	"testing"
	"time"
)

// TestNothingIsLeft runs 50 sessions through every way of leaving and wants
// the goroutines and processes of before.
func TestNothingIsLeft(t *testing.T) {
	l := newLab(t, nil)
	one := func(i int) {
		client := l.dial()
		c := open(t, client, "")
		switch i % 4 {
		case 0: // leaves the picker
			c.expect("Only stage")
			c.types("q")
			_ = c.session.Wait()
		case 1: // vanishes in the picker
			c.expect("Only stage")
		case 2: // the tutor exits
			c.enter()
			c.types("exit 0\r")
			c.expect("Only stage")
			c.types("q")
			_ = c.session.Wait()
		case 3: // vanishes in the sandbox, comes back and ends it
			c.enter()
			_ = client.Close()
			client = l.dial()
			c = open(t, client, "")
			c.expect("Continue")
			c.types("\r")
			c.expect("hello from")
			c.types("exit 0\r")
			c.expect("Only stage")
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
	for deadline := time.Now().Add(10 * time.Second); ; {
		infos, err := l.server.lifecycle.List(t.Context())
		if err == nil && len(infos) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("sandboxes are left: %v, %v", infos, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
