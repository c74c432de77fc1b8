package hold

import (
	"fmt"
	"io"
	"net"
	"os"
	ossignal "os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"

	"lectern/sandbox"
)

// playSuspendedTutor is suspended at once, as Claude Code is by Ctrl-Z: it gives
// its terminal back and waits for fg.
func playSuspendedTutor() {
	before, err := term.MakeRaw(os.Stdin.Fd())
	if err != nil {
		fmt.Println(err)
		return
	}
	awake := make(chan os.Signal, 1)
	ossignal.Notify(awake, syscall.SIGCONT)
	_ = term.Restore(os.Stdin.Fd(), before)
	fmt.Println("suspended")
	<-awake
	fmt.Println("resumed")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// There is no shell that would bring a suspended tutor back, so what is typed
// next does.
func TestTypingResumesTheTutor(t *testing.T) {
	r := start(t, "suspends", nil)
	conn := r.dial(t)
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if err := sayHello(conn, Hello{Mode: sandbox.Control, Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	expectOutput(t, conn, "suspended")
	if err := writeFrame(conn, frameData, []byte("x")); err != nil {
		t.Fatal(err)
	}
	expectOutput(t, conn, "resumed")
}

// That a learner types is heard without asking, and not at every key.
func TestTypingIsNews(t *testing.T) {
	r := start(t, "quiet", nil)
	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "up")
	s, news := r.listen(t)
	joined := watchedBy(t, news)
	for range 100 {
		learner.types(t, "x")
	}
	typed := watchedBy(t, news)
	if !typed.LastInput.After(joined.LastInput) {
		t.Errorf("the last input was at %s when it joined and %s when it had typed", joined.LastInput, typed.LastInput)
	}
	learner.leave()
	for now := typed; now.Attached; {
		now = watchedBy(t, news)
		if now.Attached {
			t.Error("every key is news")
		}
	}
	if now, err := s.Status(t.Context()); err != nil || now.LastInput.Before(typed.LastInput) {
		t.Errorf("asked it says %+v, %v", now, err)
	}
}

// expectOutput reads a terminal's frames until the tutor has said want.
func expectOutput(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	var buf []byte
	for said := ""; !strings.Contains(said, want); {
		kind, payload, err := readFrame(conn, &buf)
		if err != nil {
			t.Fatalf("the tutor did not say %q: %v; it said %q", want, err, said)
		}
		if kind == frameData {
			said += string(payload)
		}
	}
}
