package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/sandbox"
)

// How sandboxes come to be, are found, and end.

func testRace(t *testing.T, s *suite) {
	sp := spec(t, "ada")
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		names = make(map[string]int)
	)
	for range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			each := sp
			each.Session = fmt.Sprintf("%016x", rand.Uint64())
			sb, err := s.backend.Acquire(s.ctx, each, func(sandbox.Phase) {})
			if err != nil {
				t.Error(err)
				return
			}
			info, err := sb.Info(s.ctx)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			names[info.Session]++
			mu.Unlock()
		}()
	}
	wg.Wait()
	if len(names) != 1 {
		t.Errorf("20 calls at once made the sandboxes %v, want one", names)
	}
	if infos, err := s.backend.List(s.ctx); err != nil || len(infos) != 1 {
		t.Errorf("List gives %d sandboxes (%v), want 1", len(infos), err)
	}
}

func testFindList(t *testing.T, s *suite) {
	if _, ok, err := s.backend.Find(s.ctx, "ada"); ok || err != nil {
		t.Fatalf("Find before Acquire: %v, %v", ok, err)
	}
	s.acquire(t, "ada")
	s.acquire(t, "a-da") // must not collide with ada
	sb, ok, err := s.backend.Find(s.ctx, "ADA")
	if !ok || err != nil {
		t.Fatalf("Find: %v, %v", ok, err)
	}
	if made := sb.Made(); made.Login != "ada" || made.Stage != 1 || made.CourseID != "conformance" || made.Session == "" {
		t.Errorf("made for %+v", made)
	}
	info, err := sb.Info(s.ctx)
	if err != nil || info.Login != "ada" || info.Stage != 1 || info.CourseID != "conformance" || info.Attached {
		t.Errorf("info %+v, %v", info, err)
	}
	infos, err := s.backend.List(s.ctx)
	if err != nil || len(infos) != 2 || infos[0].Login != "ada" || infos[1].Login != "a-da" {
		t.Errorf("List gives %+v, %v", infos, err)
	}
}

func testKill(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	c.typed("orphan\n")
	c.expect("orphaned")
	if err := sb.Kill(s.ctx, "the lesson is over"); err != nil {
		t.Fatal(err)
	}
	if exit := c.wantEnding(sandbox.Killed); exit.Reason != "the lesson is over" {
		t.Errorf("told %q", exit.Reason)
	}
	s.gone(t, "ada")
	if err := sb.Kill(s.ctx, "again"); err != nil {
		t.Errorf("killing it again: %v", err)
	}
	if _, err := sb.Info(s.ctx); !errors.Is(err, sandbox.ErrGone) {
		t.Errorf("Info of a killed one: %v, want ErrGone", err)
	}
}

// testReplace is what a learner does who starts another stage: the former
// sandbox is killed, and the next one made at once.
func testReplace(t *testing.T, s *suite) {
	changes := s.watch(t)
	first := s.acquire(t, "ada")
	sb := first
	for range 3 {
		if err := sb.Kill(s.ctx, "another stage"); err != nil {
			t.Fatal(err)
		}
		sb = s.acquire(t, "ada")
	}
	if err := first.Kill(s.ctx, "again"); err != nil {
		t.Errorf("killing the first one again: %v", err)
	}
	if _, err := first.Info(s.ctx); !errors.Is(err, sandbox.ErrGone) {
		t.Errorf("Info of the first one: %v, want ErrGone", err)
	}
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	c.typed("exit 7\n")
	if exit := c.wantEnding(sandbox.Exited); exit.Code != 7 {
		t.Errorf("the last one ended by %+v", exit)
	}
	for {
		select {
		case change := <-changes:
			if change.Info.Session == sb.Made().Session && change.Ended != nil {
				return
			}
		case <-s.ctx.Done():
			t.Fatal("nobody notices the end of the last one")
		}
	}
}

func testReap(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	info, err := sb.Info(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	if err := sb.Reap(s.ctx, info.Epoch, "too late"); !errors.Is(err, sandbox.ErrJoined) {
		t.Errorf("Reap of one that was joined since: %v, want ErrJoined", err)
	}
	c.typed("say alive\n")
	c.expect("said alive")
	c.detach()
	c.wantEnding(sandbox.Detached)
	info = s.detached(t, sb)
	if err := sb.Reap(s.ctx, info.Epoch, "nobody came"); err != nil {
		t.Fatal(err)
	}
	s.gone(t, "ada")
}

func testEnding(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	c.typed("stay\n") // so that its end takes a while
	c.expect("staying")
	c.detach()
	c.wantEnding(sandbox.Detached)
	info := s.detached(t, sb)
	if err := sb.Reap(s.ctx, info.Epoch, "nobody came"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.backend.Find(s.ctx, "ada"); ok || err != nil {
		t.Errorf("one that is ending is found (%v)", err)
	}
	if _, err := sb.Info(s.ctx); !errors.Is(err, sandbox.ErrGone) {
		t.Errorf("Info of one that is ending: %v, want ErrGone", err)
	}
	if infos, err := s.backend.List(s.ctx); err != nil || len(infos) != 1 {
		t.Errorf("one that is ending takes no place: %+v, %v", infos, err)
	}
	if next := s.acquire(t, "ada"); next.Made().Session == info.Session {
		t.Error("one that is ending is handed out")
	}
}

func testExtend(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	if err := sb.Extend(s.ctx, 5*time.Hour); err != nil {
		t.Fatal(err)
	}
	info, err := sb.Info(s.ctx)
	if left := time.Until(info.Expires); err != nil || left < 4*time.Hour+59*time.Minute || left > 5*time.Hour {
		t.Errorf("%s left (%v), want five hours", left, err)
	}
	for _, d := range []time.Duration{0, -time.Hour, 24 * time.Hour, 1<<63 - 1} { // it lives for an hour
		if err := sb.Extend(s.ctx, d); err == nil || errors.Is(err, sandbox.ErrGone) || strings.Contains(err.Error(), "\n") {
			t.Errorf("extended by %s: %v", d, err)
		}
	}
	if now, err := sb.Info(s.ctx); err != nil || !now.Expires.Equal(info.Expires) {
		t.Errorf("an extension that was refused has moved the end from %s to %s (%v)", info.Expires, now.Expires, err)
	}
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	if err := sb.Extend(s.ctx, time.Second); err != nil {
		t.Fatal(err)
	}
	if exit := c.wantEnding(sandbox.LifeOver); exit.Reason == "" {
		t.Error("the learner is not told why")
	}
}

func testDeath(t *testing.T, s *suite) {
	changes := s.watch(t)
	sb := s.acquire(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	asked := time.Now()
	c.typed("exit 7\n")
	change := <-changes
	// The tutor may be gone before Watch has joined it. Then a cluster tells, whose
	// own look around takes up to two seconds.
	if took := time.Since(asked); took > 5*time.Second {
		t.Errorf("the death was noticed after %s", took)
	}
	if change.Ended == nil || change.Ended.Code != 7 || change.Info.Login != "ada" {
		t.Errorf("noticed %+v, %+v", change.Info, change.Ended)
	}
}

func testAdoption(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	pid := c.expect("hello from [0-9]+")
	c.detach()
	c.wantEnding(sandbox.Detached)

	s.backend = s.again()
	changes := s.watch(t)
	found, ok, err := s.backend.Find(s.ctx, "ada")
	if !ok || err != nil {
		t.Fatalf("the new gateway does not find it: %v, %v", ok, err)
	}
	same := s.acquire(t, "ada")
	a, _ := found.Info(s.ctx)
	b, _ := same.Info(s.ctx)
	if a.Session != b.Session {
		t.Error("the new gateway made a second sandbox")
	}
	c = s.attach(t, same, sandbox.Control)
	c.expect(pid)
	c.typed("exit 0\n")
	if change := <-changes; change.Ended == nil || change.Info.Session != a.Session {
		t.Errorf("the end of an adopted one: %+v", change)
	}
}
