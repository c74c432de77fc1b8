// Package conformance is what every sandbox.Backend has to do, as one test
// suite. The sandboxes run a small shell script instead of a tutor, so the
// suite needs nothing in them but a POSIX shell and coreutils.
package conformance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/sandbox"
)

// Command is what each sandbox must run. It does one line of input at a time.
var Command = []string{"/bin/sh", "-c", `
echo "hello from $$"
trap 'echo "winch $(stty size)"' WINCH
while :; do
	read -r verb rest || continue
	case $verb in
	exit) exit "$rest" ;;
	die) kill -KILL $$ ;;
	say) echo "said $rest" ;;
	size) echo "size $(stty size)" ;;
	env) env | sort; echo "env done" ;;
	send) stty raw -echo; yes lectern | head -c "$rest"; stty sane; echo; echo "sent" ;;
	take) stty raw -echo; printf 'ready\n'; head -c "$rest" | sha256sum; stty sane; echo "taken" ;;
	raw) stty -onlcr -opost; printf 'one\ntwo\nraw done\n'; stty sane ;;
	mess) printf '\033[?1049h\033[?25l\033[?1002h\033[?2004h'; echo "messed" ;;
	orphan) (setsid sleep 3600 >/dev/null 2>&1 &); echo "orphaned" ;;
	esac
done
`}

// Make returns a fresh Backend that runs Command. Calls of again return
// another Backend over the same sandboxes, as after the gateway's restart.
type Make func(t *testing.T) (backend sandbox.Backend, again func() sandbox.Backend)

// Run runs the suite.
func Run(t *testing.T, make Make) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *suite)
	}{
		{"acquire and join under a race", testRace},
		{"find and list", testFindList},
		{"attach, input, output", testEcho},
		{"resize", testResize},
		{"10 MB out, byte for byte", testBulkOut},
		{"10 MB in, byte for byte", testBulkIn},
		{"exit status 0", testExit(0)},
		{"exit status 42", testExit(42)},
		{"exit by signal", testSignal},
		{"detach and attach again", testReattach},
		{"takeover", testTakeover},
		{"watch reads only", testWatch},
		{"kill leaves no process", testKill},
		{"reap spares a fresh attach", testReap},
		{"extend", testExtend},
		{"death is noticed", testDeath},
		{"adoption after a restart", testAdoption},
		{"nothing of the host's environment", testEnvironment},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			t.Cleanup(cancel)
			s := &suite{ctx: ctx}
			s.backend, s.again = make(t)
			t.Cleanup(func() { s.killAll(t) })
			c.test(t, s)
		})
	}
}

type suite struct {
	ctx     context.Context
	backend sandbox.Backend
	again   func() sandbox.Backend
}

func (s *suite) killAll(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	infos, err := s.backend.List(ctx)
	if err != nil {
		t.Error(err)
	}
	for _, info := range infos {
		if sb, ok, _ := s.backend.Find(ctx, info.Login); ok {
			if err := sb.Kill(ctx, "the test is over"); err != nil {
				t.Error(err)
			}
		}
	}
}

func spec(t *testing.T, login string) sandbox.Spec {
	return sandbox.Spec{
		Login: login, Session: fmt.Sprintf("%016x", rand.Uint64()), CourseID: "conformance", CourseTitle: "Conformance",
		CourseDir: t.TempDir(), Stage: 1, Environ: []string{"TERM=xterm-256color"},
	}
}

func (s *suite) acquire(t *testing.T, login string) sandbox.Sandbox {
	t.Helper()
	sb, err := s.backend.Acquire(s.ctx, spec(t, login), func(sandbox.Phase) {})
	if err != nil {
		t.Fatal(err)
	}
	return sb
}

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
	info, err := sb.Info(s.ctx)
	if err != nil || info.Login != "ada" || info.Stage != 1 || info.CourseID != "conformance" || info.Attached {
		t.Errorf("info %+v, %v", info, err)
	}
	infos, err := s.backend.List(s.ctx)
	if err != nil || len(infos) != 2 || infos[0].Login != "ada" || infos[1].Login != "a-da" {
		t.Errorf("List gives %+v, %v", infos, err)
	}
}

func testEcho(t *testing.T, s *suite) {
	c := s.attach(t, s.acquire(t, "ada"), sandbox.Control)
	c.expect("hello from")
	c.typed("say one\n")
	c.expect("said one")
	c.typed("exit 0\n")
	c.wantEnding(sandbox.Exited)
}

func testResize(t *testing.T, s *suite) {
	c := s.attach(t, s.acquire(t, "ada"), sandbox.Control)
	c.expect("hello from")
	c.typed("size\n")
	c.expect("size 24 80")
	c.sizes <- sandbox.Size{Cols: 120, Rows: 40}
	c.expect("winch 40 120")
}

const tenMB = 10 << 20

func testBulkOut(t *testing.T, s *suite) {
	c := s.attach(t, s.acquire(t, "ada"), sandbox.Control)
	c.expect("hello from")
	c.typed(fmt.Sprintf("send %d\n", tenMB))
	c.expect("\nsent")
	_, rest, _ := strings.Cut(c.all(), fmt.Sprintf("send %d\r\n", tenMB))
	want := strings.Repeat("lectern\n", tenMB/8)
	if len(rest) < tenMB || rest[:tenMB] != want {
		t.Errorf("the 10 MB differ")
	}
}

func testBulkIn(t *testing.T, s *suite) {
	c := s.attach(t, s.acquire(t, "ada"), sandbox.Control)
	c.expect("hello from")
	c.typed(fmt.Sprintf("take %d\n", tenMB))
	c.expect("\nready\n")
	data := make([]byte, tenMB)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(data)
	c.typed(string(data))
	c.expect(fmt.Sprintf("%x", sha256.Sum256(data)))
}

func testExit(status int) func(*testing.T, *suite) {
	return func(t *testing.T, s *suite) {
		c := s.attach(t, s.acquire(t, "ada"), sandbox.Control)
		c.expect("hello from")
		c.typed(fmt.Sprintf("exit %d\n", status))
		if exit := c.wantEnding(sandbox.Exited); exit.Code != status {
			t.Errorf("status %d, want %d", exit.Code, status)
		}
		s.gone(t, "ada")
	}
}

func testSignal(t *testing.T, s *suite) {
	c := s.attach(t, s.acquire(t, "ada"), sandbox.Control)
	c.expect("hello from")
	c.typed("die\n")
	if exit := c.wantEnding(sandbox.Signalled); exit.Code != 128+9 || exit.Reason == "" {
		t.Errorf("exit %+v, want status 137 and a reason", exit)
	}
}

func testReattach(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	pid := c.expect("hello from [0-9]+")
	c.typed("say before\n")
	c.expect("said before")
	c.detach()
	c.wantEnding(sandbox.Detached)
	if info := s.detached(t, sb); info.DetachedAt.IsZero() {
		t.Errorf("after the detach: %+v", info)
	}
	c = s.attach(t, sb, sandbox.Control)
	c.expect(pid) // the same process, its screen redrawn
	c.expect("said before")
	c.expect("winch 24 80")
	c.typed("say after\n")
	c.expect("said after")
	if info, err := sb.Info(s.ctx); err != nil || !info.Attached || info.Epoch != 2 {
		t.Errorf("after the attach: %+v, %v", info, err)
	}
}

func testTakeover(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	first := s.attach(t, sb, sandbox.Control)
	first.expect("hello from")
	second := s.attach(t, sb, sandbox.Control)
	if exit := first.wantEnding(sandbox.TakenOver); exit.Reason == "" {
		t.Error("the older connection is not told why")
	}
	second.expect("hello from")
	second.typed("say mine\n")
	second.expect("said mine")
}

func testWatch(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	w := s.attach(t, sb, sandbox.Watch)
	w.expect("hello from")
	w.typed("say watcher\n")
	c.typed("say learner\n")
	w.expect("said learner")
	c.expect("said learner")
	if strings.Contains(c.all(), "watcher") {
		t.Error("a watcher's typing reached the tutor")
	}
	w.detach()
	w.wantEnding(sandbox.Detached)
	c.typed("say still here\n")
	c.expect("said still here")
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

func testReap(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	info, err := sb.Info(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	if err := sb.Reap(s.ctx, info.Epoch, "too late"); err != nil {
		t.Fatal(err)
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

func testExtend(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	if err := sb.Extend(s.ctx, 5*time.Hour); err != nil {
		t.Fatal(err)
	}
	info, err := sb.Info(s.ctx)
	if left := time.Until(info.Expires); err != nil || left < 4*time.Hour+59*time.Minute || left > 5*time.Hour {
		t.Errorf("%s left (%v), want five hours", left, err)
	}
	c := s.attach(t, sb, sandbox.Control)
	c.expect("hello from")
	if err := sb.Extend(s.ctx, 0); err != nil {
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
	if took := time.Since(asked); took > 2*time.Second {
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

func testEnvironment(t *testing.T, s *suite) {
	t.Setenv("LECTERN_TEST_SECRET", "of the host")
	c := s.attach(t, s.acquire(t, "ada"), sandbox.Control)
	c.expect("hello from")
	c.typed("env\n")
	c.expect("env done")
	if strings.Contains(c.all(), "of the host") {
		t.Error("the host's environment is in the sandbox")
	}
	if !strings.Contains(c.all(), "TERM=xterm-256color") {
		t.Error("the learner's TERM is not in the sandbox")
	}
}

// detached waits until the sandbox has noticed that its terminal left.
func (s *suite) detached(t *testing.T, sb sandbox.Sandbox) sandbox.Info {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		info, err := sb.Info(s.ctx)
		if err == nil && !info.Attached {
			return info
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("it is not detached: %+v, %v", info, err)
		}
	}
}

// gone waits until the learner has no sandbox any more.
func (s *suite) gone(t *testing.T, login string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, ok, err := s.backend.Find(s.ctx, login)
		if err == nil && !ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the sandbox is still there (%v)", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// watch runs the Backend's Watch for the rest of the test.
func (s *suite) watch(t *testing.T) <-chan sandbox.Change {
	changes := make(chan sandbox.Change, 16)
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan error, 1)
	go func() {
		done <- s.backend.Watch(ctx, func(_ context.Context, c sandbox.Change) error {
			changes <- c
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	return changes
}
