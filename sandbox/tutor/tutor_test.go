package tutor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"lectern/sandbox/event"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// terminal is a real one, with a tutor in it.
type terminal struct {
	t      *testing.T
	ours   *os.File
	output chan []byte
	all    bytes.Buffer
	done   chan error
}

// open runs a tutor on a terminal of 80×24.
func open(t *testing.T, ctx context.Context, o Options) *terminal {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(theirs, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	o.Environ = []string{"TERM=xterm-256color"}
	term := &terminal{t: t, ours: ours, output: make(chan []byte, 64), done: make(chan error, 1)}
	go func() {
		err := Run(ctx, o, theirs, theirs)
		_ = theirs.Close()
		term.done <- err
	}()
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(term.output)
		for {
			b := make([]byte, 4096)
			n, err := ours.Read(b)
			if n > 0 {
				term.output <- b[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = ours.Close()
		for range term.output { // let the reader end
		}
		<-read
	})
	return term
}

// expect waits until text is written after what was expected before.
func (term *terminal) expect(text string) {
	term.t.Helper()
	late := time.After(patience)
	for {
		if i := bytes.Index(term.all.Bytes(), []byte(text)); i >= 0 {
			term.all.Next(i + len(text))
			return
		}
		select {
		case b, ok := <-term.output:
			if !ok {
				term.t.Fatalf("the terminal closed before %q; it showed %q", text, term.all.String())
			}
			term.all.Write(b)
		case <-late:
			term.t.Fatalf("%q did not come; the terminal showed %q", text, term.all.String())
		}
	}
}

func (term *terminal) press(keys string) {
	term.t.Helper()
	if _, err := term.ours.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

func (term *terminal) ends() {
	term.t.Helper()
	select {
	case err := <-term.done:
		if err != nil {
			term.t.Error(err)
		}
	case <-time.After(patience):
		term.t.Fatal("Run does not return")
	}
}

// TestRun finishes a stage on a real terminal and over a real socket.
func TestRun(t *testing.T) {
	link, holder := dialled(t)
	go func() { // the holder
		lines := bufio.NewScanner(holder)
		for lines.Scan() {
			var m event.Message
			if json.Unmarshal(lines.Bytes(), &m) == nil {
				_, _ = fmt.Fprintf(holder, "{\"type\":\"recorded\",\"id\":%q}\n", m.ID)
			}
		}
	}()
	term := open(t, t.Context(), Options{Course: sample(), Stage: 3, StateDir: t.TempDir(), Link: link})
	term.expect("Epilogue")
	if _, err := fmt.Fprintln(holder, `{"type":"notice","text":"Dinner at six"}`); err != nil {
		t.Fatal(err)
	}
	term.expect("Dinner at six")
	if _, err := fmt.Fprintln(holder, `{"type":"watched","text":"grace watches"}`); err != nil {
		t.Fatal(err)
	}
	term.expect("grace watches your screen")
	term.press("\r")
	term.expect("Fair winds.")
	term.press("\r")
	term.expect("That was all")
	term.press("\r")
	term.expect("finished the course")
	term.press("\r")
	term.ends()
}

// TestRedraw: a terminal that comes back nudges the tutor with a signal and an
// unchanged size, and sees the whole screen.
func TestRedraw(t *testing.T) {
	term := open(t, t.Context(), Options{Course: sample(), Stage: 1})
	term.expect("two high tides")
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
		t.Fatal(err)
	}
	term.expect("Tides and Lighthouses")
	term.expect("two high tides")
	term.press("qy")
	term.ends()
}

// TestToldToEnd: the place is kept, by a signal and by the context.
func TestToldToEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	for name, end := range map[string]func() error{
		"SIGTERM": func() error { return syscall.Kill(os.Getpid(), syscall.SIGTERM) },
		"SIGHUP":  func() error { return syscall.Kill(os.Getpid(), syscall.SIGHUP) },
		"context": func() error { cancel(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Course: sample(), Stage: 1, StateDir: t.TempDir()}
			of := t.Context()
			if name == "context" {
				of = ctx
			}
			term := open(t, of, o)
			term.expect("two high tides")
			term.press("\r")
			term.expect("What pulls")
			term.press("G")
			term.expect("tide/height.go")
			if err := end(); err != nil {
				t.Fatal(err)
			}
			term.ends()
			m, err := NewModel(o)
			if err != nil {
				t.Fatal(err)
			}
			if m.place.Page != 1 || m.place.At == 0 {
				t.Errorf("the place is page %d at %v", m.place.Page, m.place.At)
			}
		})
	}
}

func TestRunRefusesUnknownStage(t *testing.T) {
	err := Run(t.Context(), Options{Course: sample(), Stage: 7}, strings.NewReader(""), &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "stage 7 does not exist") {
		t.Errorf("got %v", err)
	}
}
