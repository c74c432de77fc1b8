package gateway

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/internal/lecterntest"
)

func TestNoKeyIsLostAtTheHandOff(t *testing.T) {
	l := newLab(t, nil)
	c := open(t, l.dial(), "")
	c.enter()
	c.types("say abc\r")
	c.expect("said abc")
	c.types("exit 0\r")
	// And back: the first key belongs to the picker.
	c.shows("Only stage")
	c.types("q")
	if err := c.session.Wait(); err != nil {
		t.Errorf("the session ended with %v", err)
	}
}

func TestRawOutputIsNotTranslated(t *testing.T) {
	l := newLab(t, nil)
	c := open(t, l.dial(), "")
	c.enter()
	c.types("raw\r")
	c.expect(`one\ntwo\nraw done`)
	c.types("exit 0\r")
	c.shows("Only stage")
}

func TestTerminalIsResetAfterTheSandbox(t *testing.T) {
	l := newLab(t, nil)
	c := open(t, l.dial(), "")
	c.enter()
	c.types("mess\r")
	c.expect("messed")
	c.types("die\r")
	c.expect(`\x1b\[\?1049l[^\n]*\x1b\[\?1002l[^\n]*\x1b\[\?2004l[^\n]*\x1b\[\?25h`)
	c.shows("The tutor was ended by signal 9")
}

func TestManyResizesWithNobodyToCare(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	c := open(t, client, "")
	c.shows("Only stage")
	for i := range 200 {
		if err := c.session.WindowChange(20+i%10, 80+i); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.session.WindowChange(30, 100); err != nil {
		t.Fatal(err)
	}
	c.types("\r")
	c.expect("hello from")
	c.types("size\r")
	c.expect("size 30 100")
	for i := range 200 {
		if err := c.session.WindowChange(20+i%10, 80+i); err != nil {
			t.Fatal(err)
		}
	}
	c.types("say still here\r")
	c.expect("said still here")
	if err := c.session.WindowChange(100_000, 100_000); err != nil {
		t.Fatal(err)
	}
	if err := c.session.WindowChange(400, 600); err != nil {
		t.Fatal(err)
	}
	c.expect("winch 200 500") // cut to what is sensible
}

func TestOneChannelOfAConnectionCloses(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	one := open(t, client, "")
	one.enter()
	two := open(t, client, "")
	two.shows("Continue")
	if err := one.session.Close(); err != nil {
		t.Fatal(err)
	}
	two.types("\r")
	two.expect("hello from")
	two.types("say two\r")
	two.expect("said two")

	// The library's own session would now look at a closed channel of window
	// sizes, again and again, for as long as the connection lives.
	const watched = 300 * time.Millisecond
	before := processorTime(t)
	time.Sleep(watched)
	if used := processorTime(t) - before; used > watched/2 {
		t.Errorf("of %s with nothing to do, %s were spent", watched, used)
	}
}

// processorTime is what this process has used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// counted is a connection that counts what has come.
type counted struct {
	net.Conn
	read atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// flood starts a session whose sandbox writes much to a client that takes
// nothing, and returns when the window of the SSH channel is full.
func (l *lab) flood() {
	l.t.Helper()
	tcp, err := net.Dial("tcp", l.addr)
	if err != nil {
		l.t.Fatal(err)
	}
	wire := &counted{Conn: tcp}
	conn, channels, requests, err := ssh.NewClientConn(wire, l.addr, l.clientConfig())
	if err != nil {
		l.t.Fatal(err)
	}
	client := ssh.NewClient(conn, channels, requests)
	l.t.Cleanup(func() { _ = client.Close() })
	stuck, err := client.NewSession()
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := stuck.StdoutPipe(); err != nil { // never read
		l.t.Fatal(err)
	}
	in, err := stuck.StdinPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := stuck.RequestPty("xterm", 24, 80, nil); err != nil {
		l.t.Fatal(err)
	}
	if err := stuck.Start("start only"); err != nil {
		l.t.Fatal(err)
	}
	if _, err := io.WriteString(in, "send 12000000\r"); err != nil {
		l.t.Fatal(err)
	}
	const window = 2 << 20 // of this client's library
	for deadline := time.Now().Add(10 * time.Second); wire.read.Load() < window; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatalf("%d bytes came, and the window of %d is not full", wire.read.Load(), window)
		}
	}
}

func TestTakeoverFromATerminalThatTakesNothing(t *testing.T) {
	l := newLab(t, nil)
	l.flood()
	c := open(t, l.dial(), "")
	c.shows("Continue")
	c.types("\r")
	c.expect("sent")
}

// TestStopWithATerminalThatTakesNothing: a gateway that stops says goodbye and
// does not wait for those who do not listen.
func TestStopWithATerminalThatTakesNothing(t *testing.T) {
	l := newLab(t, nil)
	l.flood()
	idle := open(t, l.dial(), "")
	idle.shows("Continue")
	began := time.Now()
	if err := l.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > farewell+5*time.Second {
		t.Errorf("stopping took %s", took)
	}
	idle.expect("The gateway is restarting")
}

// TestAnswersOfTheTerminalStayOutOfTheSandbox: who types ahead leaves the
// picker before the terminal has answered its questions.
func TestAnswersOfTheTerminalStayOutOfTheSandbox(t *testing.T) {
	l := newLab(t, nil)
	first := open(t, l.dial(), "")
	first.enter() // so that there is one to go back into at once
	session, err := l.dial().NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }()
	in, err := session.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	slow := &terminal{t: t, session: session, in: in, screen: lecterntest.NewScreen()}
	session.Stdout = slow.screen // it answers nothing by itself
	if err := session.RequestPty("xterm-256color", 24, 80, ssh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := session.Shell(); err != nil {
		t.Fatal(err)
	}
	slow.types("\r")
	slow.expect(`\x1b\[c`)
	slow.types("\x1b[?2026;2$y\x1b]11;rgb:0000/0000/0000\x07\x1b[?62;22c")
	slow.expect("hello from")
	slow.types("say done\r")
	slow.expect("said done")
	if all := slow.screen.All(); strings.Contains(all, "2026;2$y") || strings.Contains(all, "rgb:0000") || strings.Contains(all, "62;22c") {
		t.Errorf("the terminal's answers reached the sandbox, which echoes them: %q", all)
	}
}
