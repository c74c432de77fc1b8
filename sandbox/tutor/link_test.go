package tutor

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lectern/internal/look"
	"lectern/sandbox/event"
)

// pair is a socket pair: a file descriptor for Dial, and the holder's end.
func pair(t *testing.T) (fd int, holder net.Conn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fds[1]), "holder")
	holder, err = net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Close() })
	return fds[0], holder
}

// dialled is a link over a socket pair, and the holder's end of it.
func dialled(t *testing.T) (*socket, net.Conn) {
	t.Helper()
	fd, holder := pair(t)
	t.Setenv(event.FDVariable, strconv.Itoa(fd))
	link, err := Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := link.Close(); err != nil {
			t.Error(err)
		}
	})
	return link.(*socket), holder
}

func answer(t *testing.T, holder net.Conn, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(holder, line); err != nil {
		t.Fatal(err)
	}
}

var result = event.Message{Type: event.Completed, ID: "one", Stage: 2, Score: 3, Questions: 4}

func TestComplete(t *testing.T) {
	link, holder := dialled(t)
	done := make(chan error, 1)
	go func() { done <- link.Complete(t.Context(), result) }()
	line, err := bufio.NewReader(holder).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var got event.Message
	if err := json.Unmarshal(line, &got); err != nil || got != result {
		t.Fatalf("the holder got %s, %v", line, err)
	}
	answer(t, holder, `{"type":"recorded","id":"another"}`)
	answer(t, holder, `{"type":"notice","text":"still waiting"}`)
	if text := <-link.Notices(); text != "still waiting" {
		t.Errorf("notice %q", text)
	}
	select {
	case err := <-done:
		t.Fatalf("Complete returned %v before its own answer", err)
	default:
	}
	answer(t, holder, `{"type":"recorded","id":"one"}`)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestCompleteIsRepeated(t *testing.T) {
	link, holder := dialled(t)
	link.repeat = time.Millisecond
	done := make(chan error, 1)
	go func() { done <- link.Complete(t.Context(), result) }()
	lines := bufio.NewScanner(holder)
	for i := range 3 {
		if !lines.Scan() || !strings.Contains(lines.Text(), `"id":"one"`) {
			t.Fatalf("line %d is %q", i, lines.Text())
		}
	}
	answer(t, holder, `{"type":"recorded","id":"one"}`)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestCompleteEnds(t *testing.T) {
	t.Run("with its context", func(t *testing.T) {
		link, _ := dialled(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := link.Complete(ctx, result); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("with the holder", func(t *testing.T) {
		link, holder := dialled(t)
		done := make(chan error, 1)
		go func() { done <- link.Complete(t.Context(), result) }()
		if _, err := bufio.NewReader(holder).ReadBytes('\n'); err != nil {
			t.Fatal(err)
		}
		if err := holder.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, errLinkClosed) {
			t.Errorf("got %v", err)
		}
		if _, open := <-link.Notices(); open {
			t.Error("the notices go on without a holder")
		}
	})
}

// TestForeignLines: what is not understood is skipped, and nothing after it is
// lost.
func TestForeignLines(t *testing.T) {
	link, holder := dialled(t)
	go func() {
		for _, line := range []string{
			"", "nonsense", `{"type":"later"}`, `{"type":"notice"}`, "[]",
			`{"type":"notice","text":"` + strings.Repeat("x", 3*maxLine) + `"}`,
			strings.Repeat("y", maxLine), strings.Repeat("z", maxLine-1),
			`{"type":"notice","text":"\u001b[31mred\u001b[0m\nand\u0007 more"}`,
		} {
			if _, err := fmt.Fprintln(holder, line); err != nil {
				return // the reader below says so
			}
		}
	}()
	if text := <-link.Notices(); text != "red and more" {
		t.Errorf("notice %q", text)
	}
}

// TestNoticesNeverBlock: a Recorded behind many unread notices arrives.
func TestNoticesNeverBlock(t *testing.T) {
	link, holder := dialled(t)
	for i := range 5 * noticesKept {
		answer(t, holder, fmt.Sprintf(`{"type":"notice","text":"%d"}`, i))
	}
	done := make(chan error, 1)
	go func() { done <- link.Complete(t.Context(), result) }()
	if _, err := bufio.NewReader(holder).ReadBytes('\n'); err != nil {
		t.Fatal(err)
	}
	answer(t, holder, `{"type":"recorded","id":"one"}`)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if text := <-link.Notices(); text != strconv.Itoa(4*noticesKept) {
		t.Errorf("the oldest notice left is %s: the newest must stay", text)
	}
}

// TestWatched: who watches now counts, and that somebody did earlier does not.
func TestWatched(t *testing.T) {
	link, holder := dialled(t)
	for _, line := range []string{
		`{"type":"watched","text":"grace watches"}`, `{"type":"watched"}`, `{"type":"watched","text":"li\u001b[1mnus\nwatches"}`,
		`{"type":"notice","text":"read"}`,
	} {
		answer(t, holder, line)
	}
	<-link.Notices() // so all before it is read too
	if text := <-link.Watched(); text != "linus watches" {
		t.Errorf("told that %q", text)
	}
	answer(t, holder, `{"type":"watched"}`)
	if text, open := <-link.Watched(); text != "" || !open {
		t.Errorf("told that %q (%v) when it is over", text, open)
	}
}

func TestDial(t *testing.T) {
	t.Run("by hand", func(t *testing.T) {
		t.Setenv(event.FDVariable, "")
		if link, err := Dial(); link != nil || err != nil {
			t.Errorf("got %v, %v", link, err)
		}
	})
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, value := range map[string]string{
		"no number": "three", "the terminal": "1", "not open": "987654", "no socket": strconv.Itoa(int(file.Fd())),
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(event.FDVariable, value)
			if link, err := Dial(); link != nil || err == nil || !strings.Contains(err.Error(), event.FDVariable) {
				t.Errorf("got %v, %v", link, err)
			}
		})
	}
	if _, err := file.Stat(); err != nil {
		t.Errorf("a foreign file was touched: %v", err)
	}
}

// TestDialClosesOnExec: programs that the tutor might start cannot speak for it.
func TestDialClosesOnExec(t *testing.T) {
	link, _ := dialled(t)
	raw, err := link.conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) {
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFD, 0)
		if errno != 0 || flags&syscall.FD_CLOEXEC == 0 {
			t.Errorf("flags %d, %v", flags, errno)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// FuzzLine: nothing on the link breaks the tutor, and a notice that comes
// through is one clean line.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", `{"type":"recorded","id":"a"}`, `{"type":"recorded"}`, `{"type":"notice","text":"a\nb\u001b[2J"}`,
		`{"type":"completed","id":"a","stage":1}`, `{"type":"watched","text":"a\u001b[2J watches"}`, `{"type":"watched"}`, `{"type":5}`, `{"type":"notice","text":"\u202ea"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, ok := parseLine(line)
		switch {
		case ok && m.Type == event.Watched:
			if m.Text != look.OneLine(m.Text) {
				t.Errorf("watched: %q", m.Text)
			}
		case !ok && m != (event.Message{}) && m.Type != event.Recorded && m.Type != event.Notice:
			t.Errorf("refused, but %+v", m)
		case ok && m.Type == event.Recorded && m.ID == "":
			t.Error("a Recorded without ID")
		case ok && m.Type == event.Notice:
			if m.Text == "" || m.Text != look.OneLine(m.Text) {
				t.Errorf("notice %q", m.Text)
			}
		case ok && m.Type != event.Recorded:
			t.Errorf("type %q came through", m.Type)
		}
	})
}
