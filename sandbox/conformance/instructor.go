package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/sandbox"
)

// What an instructor does, who may be connected to another gateway than the learner.

// elsewhere is the learner's sandbox as another gateway finds it.
func (s *suite) elsewhere(t *testing.T, login string) (sandbox.Backend, sandbox.Sandbox) {
	t.Helper()
	other := s.again()
	sb, ok, err := other.Find(s.ctx, login)
	if err != nil || !ok {
		t.Fatalf("another gateway does not find the sandbox: %v, %v", ok, err)
	}
	return other, sb
}

// watchedBy waits until look tells that those watch, and returns what it tells.
func (s *suite) watchedBy(t *testing.T, look func() (sandbox.Info, error), names ...string) sandbox.Info {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		info, err := look()
		if err == nil && slices.Equal(info.Watched, names) {
			return info
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is not watched by %q: %+v, %v", names, info, err)
		}
	}
}

func testWatch(t *testing.T, s *suite) {
	s.watch(t) // what a backend lists it may have from there
	sb := s.acquire(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	_, found := s.elsewhere(t, "ada")
	before, err := sb.Info(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	w := s.attachAs(t, found, sandbox.Watch, sandbox.Terminal{Watcher: "grace\x1b[2J"})
	w.expect("^<80×24>")
	w.expect("hello from")
	c.expect("\x1b\\]2;● grace\\[2J watches\a\a")
	info := func() (sandbox.Info, error) { return sb.Info(s.ctx) }
	listed := func() (sandbox.Info, error) {
		infos, err := s.backend.List(s.ctx)
		if err != nil || len(infos) != 1 {
			return sandbox.Info{}, fmt.Errorf("%d are listed: %w", len(infos), err)
		}
		return infos[0], nil
	}
	s.watchedBy(t, info, "grace[2J")
	s.watchedBy(t, listed, "grace[2J")

	w.typed("say watcher\n")
	w.sizes <- sandbox.Size{Cols: 20, Rows: 10}
	w.typed("say watcher\n") // the size has been sent before it
	c.sizes <- sandbox.Size{Cols: 120, Rows: 40}
	w.expect("<120×40>")
	w.expect("winch 40 120")
	if now, err := sb.Info(s.ctx); err != nil || !now.LastInput.Equal(before.LastInput) || now.Epoch != before.Epoch {
		t.Errorf("a watcher counts: %+v before, %+v with one (%v)", before, now, err)
	}
	c.typed("say learner\n")
	w.expect("said learner")
	c.expect("said learner")
	c.typed("size\n")
	c.expect("size 40 120")
	if strings.Contains(c.all(), "watcher") {
		t.Error("a watcher's typing reached the tutor")
	}
	if strings.Contains(w.all(), "●") {
		t.Error("a watcher is told that somebody watches")
	}

	c.detach()
	c.wantEnding(sandbox.Detached)
	if alone := s.detached(t, sb); alone.DetachedAt.IsZero() || alone.Alone <= 0 {
		t.Errorf("a watcher counts as joined: %+v", alone)
	}
	c = s.attach(t, sb, sandbox.Control)
	c.expect("\x1b\\]2;● grace\\[2J watches\a\a")
	w.detach()
	w.wantEnding(sandbox.Detached)
	c.expect("\x1b\\]2;\a")
	s.watchedBy(t, info)
	s.watchedBy(t, listed)
	c.typed("say still here\n")
	c.expect("said still here")
}

// testListed wants of the list what an instructor's table shows.
func testListed(t *testing.T, s *suite) {
	s.watch(t)
	sb := s.acquire(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	joined, err := sb.Info(s.ctx)
	if err != nil || joined.Place == "" {
		t.Errorf("nobody knows where it runs: %+v, %v", joined, err)
	}
	c.typed("say one\n")
	c.expect("said one")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		infos, err := s.backend.List(s.ctx)
		if err != nil || len(infos) != 1 || infos[0].Place != joined.Place {
			t.Fatalf("listed as %+v, %v; it runs on %q", infos, err, joined.Place)
		}
		if listed := infos[0]; listed.Attached && listed.LastInput.After(joined.LastInput) && listed.Expires.Equal(joined.Expires) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("listed as %+v; when it was joined it was %+v", infos, joined)
		}
	}
}

// killNotice is how long a learner may have to wait to hear that an instructor has
// ended the session, and killLimit how long it may take until nothing of it is left.
const (
	killNotice = 2 * time.Second
	killLimit  = 10 * time.Second
)

// testKillElsewhere has another gateway than the learner's kill the sandbox; slow is
// for a tutor that does not leave when it is asked to.
func testKillElsewhere(slow bool) func(*testing.T, *suite) {
	return func(t *testing.T, s *suite) {
		s.watch(t)
		sb := s.acquire(t, "ada")
		c := s.attach(t, sb, sandbox.Control)
		c.expect("hello from")
		w := s.attach(t, sb, sandbox.Watch)
		w.expect("hello from")
		if slow {
			c.typed("stay\n")
			c.expect("staying")
		}
		_, found := s.elsewhere(t, "ada")
		killed := make(chan error, 1)
		asked := time.Now()
		go func() { killed <- found.Kill(s.ctx, "the lesson\nis over\x1b[2J") }()
		for _, told := range []*client{c, w} {
			if exit := told.wantEnding(sandbox.Killed); exit.Reason != "the lesson is over[2J" {
				t.Errorf("told %q", exit.Reason)
			}
			took := time.Since(asked)
			if t.Logf("told after %s", took); took > killNotice {
				t.Error("that is too late")
			}
		}
		if err := <-killed; err != nil {
			t.Error(err)
		}
		took := time.Since(asked)
		if t.Logf("gone after %s", took); took > killLimit {
			t.Error("that is too late")
		}
		s.gone(t, "ada")
	}
}

// testKillTwice has two instructors kill one session at once, and others act on it
// when it has just ended.
func testKillTwice(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	_, found := s.elsewhere(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	began := time.Now()
	var killing sync.WaitGroup
	for range 3 {
		for _, sb := range []sandbox.Sandbox{sb, found} {
			killing.Go(func() {
				if err := sb.Kill(s.ctx, "enough"); err != nil && !errors.Is(err, sandbox.ErrGone) {
					t.Errorf("killed by several at once: %v", err)
				}
			})
		}
	}
	if exit := c.wantEnding(sandbox.Killed); exit.Reason != "enough" {
		t.Errorf("told %q", exit.Reason)
	}
	killing.Wait()
	s.wantGone(t, sb)
	s.wantGone(t, found)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("all that took %s", took)
	}
}

// testJustEnded has an instructor act in the moment in which the learner leaves the
// tutor.
func testJustEnded(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	_, found := s.elsewhere(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	c.typed("exit 0\n")
	c.wantEnding(sandbox.Exited)
	began := time.Now()
	s.wantGone(t, found)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("that took %s", took)
	}
}

// wantGone acts on a sandbox that has just ended.
func (s *suite) wantGone(t *testing.T, sb sandbox.Sandbox) {
	t.Helper()
	for _, act := range []struct {
		name string
		err  error
	}{
		{"tell", sb.Tell(s.ctx, "hello")},
		{"extend", sb.Extend(s.ctx, time.Minute)},
		{"reap", sb.Reap(s.ctx, 1, "again")},
		{"kill", sb.Kill(s.ctx, "again")},
	} {
		if !errors.Is(act.err, sandbox.ErrGone) && (act.name != "kill" || act.err != nil) {
			t.Errorf("%s of one that has just ended: %v", act.name, act.err)
		}
	}
}

func testTell(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	_, found := s.elsewhere(t, "ada")
	hostile := "\x1b]2;pwned\a\x1b[2J\r\nnext" + strings.Repeat("\n\x1b[31m말", 10_000)
	if err := found.Tell(s.ctx, hostile); err != nil {
		t.Fatal(err)
	}
	want := "]2;pwned[2J next" + strings.Repeat(" [31m말", 1000)
	want = string([]rune(want)[:sandbox.MaxLine-1]) + "…"
	c.expect("\x1b\\]2;[^\x1b\a\n]*\a\a")
	if told := "\x1b]2;" + want + "\a\a"; !strings.Contains(c.all(), told) {
		t.Errorf("told in %q, want %q", c.all(), told)
	}
	if err := found.Tell(s.ctx, "and then"); err != nil { // the way to it has taken no harm
		t.Fatal(err)
	}
	c.expect("\x1b\\]2;and then\a\a")
	c.typed("say here\n")
	c.expect("said here")
}

// testTellAway has an instructor tell something to a learner who is not connected, and
// hears of it when they are, whatever else there is to tell then.
func testTellAway(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	_, found := s.elsewhere(t, "ada")
	tell := func(text string) {
		t.Helper()
		if err := found.Tell(s.ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	c.detach()
	c.wantEnding(sandbox.Detached)
	s.detached(t, sb)
	tell("while you were away")
	c = s.attach(t, sb, sandbox.Control)
	tell("now that you are back")
	c.expect("\x1b\\]2;while you were away\a\a")
	c.expect("\x1b\\]2;now that you are back\a\a")
}
