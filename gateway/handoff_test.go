package gateway

import (
	"io"
	"strings"
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
	c.expect("Only stage")
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
	c.expect("Only stage")
}

func TestTerminalIsResetAfterTheSandbox(t *testing.T) {
	l := newLab(t, nil)
	c := open(t, l.dial(), "")
	c.enter()
	c.types("mess\r")
	c.expect("messed")
	c.types("die\r")
	c.expect(`\x1b\[\?1049l[^\n]*\x1b\[\?1002l[^\n]*\x1b\[\?2004l[^\n]*\x1b\[\?25h`)
	c.expect("The tutor was ended by signal 9")
}

func TestManyResizesWithNobodyToCare(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	c := open(t, client, "")
	c.expect("Only stage")
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
	two.expect("Continue")
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

func TestFloodToATerminalThatTakesNothing(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	stuck, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := stuck.StdoutPipe() // never read: the SSH window fills
	if err != nil {
		t.Fatal(err)
	}
	in, _ := stuck.StdinPipe()
	if err := stuck.RequestPty("xterm", 24, 80, nil); err != nil {
		t.Fatal(err)
	}
	if err := stuck.Start("start only"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(in, "send 12000000\r")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		infos, err := l.server.lifecycle.List(t.Context())
		if err == nil && len(infos) == 1 && infos[0].Attached {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the session did not start: %v, %v", infos, err)
		}
	}
	// Another connection takes over at once, whatever the first one does.
	c := open(t, l.dial(), "")
	c.expect("Continue")
	c.types("\r")
	c.expect("sent")
	_ = out
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
