// Package conformance is what every sandbox.Backend has to do, as one test
// suite. The sandboxes run a small shell script instead of a tutor, so the
// suite needs nothing in them but a POSIX shell and coreutils.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
	stay) trap '' TERM HUP; echo "staying" ;;
	say) echo "said $rest" ;;
	size) echo "size $(stty size)" ;;
	env) env | sort; echo "env done" ;;
	send) stty raw -echo; yes lectern | head -c "$rest"; stty sane; echo; echo "sent" ;;
	take) stty raw -echo; printf 'ready\n'; head -c "$rest" | sha256sum; stty sane; echo "taken" ;;
	echo) stty raw -echo; printf 'ready\n'; exec cat ;;
	raw) stty -onlcr -opost; printf 'one\ntwo\nraw done\n'; stty sane ;;
	mess) printf '\033[?1049h\033[?25l\033[?1002h\033[?2004h'; echo "messed" ;;
	fill) head -c "${rest}M" /dev/zero >/tmp/fill; echo "filled" ;;
	eat) exec tail /dev/zero ;;
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
		{"a lost way found again", testRejoin},
		{"a page that returns", testReturn},
		{"watch reads only", testWatch},
		{"what the list tells", testListed},
		{"a line told", testTell},
		{"lines told while nobody is there", testTellAway},
		{"kill leaves no process", testKill},
		{"kill by another gateway", testKillElsewhere(false)},
		{"kill of a tutor that stays, by another gateway", testKillElsewhere(true)},
		{"kill by several at once", testKillTwice},
		{"acts on one that has just ended", testJustEnded},
		{"replaced ones end and the last one lives", testReplace},
		{"reap spares a fresh attach", testReap},
		{"one that is ending is not handed out", testEnding},
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
		t.Fatal(err, errors.Unwrap(err))
	}
	return sb
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
