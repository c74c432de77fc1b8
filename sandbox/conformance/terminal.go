package conformance

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"lectern/sandbox"
)

// What a terminal that joins a sandbox may count on.

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
	if info := s.detached(t, sb); info.DetachedAt.IsZero() || info.Alone <= 0 {
		t.Errorf("after the detach: %+v", info)
	}
	c = s.attach(t, sb, sandbox.Control)
	c.expect(pid) // the same process, its screen redrawn
	c.expect("said before")
	c.expect("winch 24 80")
	c.typed("say after\n")
	c.expect("said after")
	if info, err := sb.Info(s.ctx); err != nil || !info.Attached || info.Alone != 0 || info.Epoch != 2 {
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

// testRejoin is a connection that stalled, was taken over meanwhile without
// hearing of it, and looks for its sandbox when it wakes.
func testRejoin(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	first := s.attach(t, sb, sandbox.Control)
	first.expect("hello from")
	second := s.attach(t, sb, sandbox.Control)
	held := first.wantEnding(sandbox.TakenOver).Epoch
	second.expect("hello from")
	if held == 0 {
		t.Fatal("the first one does not know what it held")
	}
	s.attachAs(t, sb, sandbox.Control, sandbox.Terminal{Epoch: held}).wantEnding(sandbox.TakenOver)
	second.typed("say mine\n")
	second.expect("said mine")
	second.detach()
	held = second.wantEnding(sandbox.Detached).Epoch
	third := s.attachAs(t, sb, sandbox.Control, sandbox.Terminal{Epoch: held})
	third.expect("said mine")
	third.typed("say again\n")
	third.expect("said again")
	third.detach()
	third.wantEnding(sandbox.Detached)
	s.detached(t, sb)
	// Where nobody is, it stands in nobody's way that it was not the last one there.
	let := make(chan int, 1)
	fourth := s.attachAs(t, sb, sandbox.Control, sandbox.Terminal{Epoch: held, Joined: func(epoch int) { let <- epoch }})
	fourth.expect("said again")
	if epoch := <-let; epoch <= held {
		t.Errorf("it is told the epoch %d, and came back from %d", epoch, held)
	}
}

// testReturn is a learner's page whose link broke before it was told of its place,
// so that its own earlier connection is there still when it comes again.
func testReturn(t *testing.T, s *suite) {
	sb := s.acquire(t, "ada")
	told := make(chan int, 1)
	first := s.attachAs(t, sb, sandbox.Control, sandbox.Terminal{Joined: func(epoch int) { told <- epoch }})
	first.expect("hello from")
	from := sandbox.Terminal{Epoch: <-told, Returning: true}
	second := s.attachAs(t, sb, sandbox.Control, from)
	second.expect("hello from")
	first.wantEnding(sandbox.TakenOver)
	// The gateway, which has not heard of the second, mends the way of the first.
	s.attachAs(t, sb, sandbox.Control, sandbox.Terminal{Epoch: from.Epoch}).wantEnding(sandbox.TakenOver)
	third := s.attachAs(t, sb, sandbox.Control, from)
	third.expect("hello from")
	second.wantEnding(sandbox.TakenOver)
	anew := s.attach(t, sb, sandbox.Control)
	anew.expect("hello from")
	third.wantEnding(sandbox.TakenOver)
	if exit := s.attachAs(t, sb, sandbox.Control, from).wantEnding(sandbox.TakenOver); exit.Epoch != 0 {
		t.Errorf("it is refused, and has had the epoch %d", exit.Epoch)
	}
	anew.typed("say mine\n")
	anew.expect("said mine")
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
