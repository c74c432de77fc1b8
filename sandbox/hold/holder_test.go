package hold

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"go.uber.org/goleak"

	"lectern/sandbox"
	"lectern/sandbox/event"
)

// The test program is also the tutor: run with this variable set it plays one.
const roleVariable = "LECTERN_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		goleak.VerifyTestMain(m)
	case "completes":
		playCompletingTutor()
	case "quiet":
		fmt.Println("up")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "tells":
		fmt.Println("token " + os.Getenv("LECTERN_TEST_TOKEN"))
	case "measures":
		fmt.Println("up")
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			cols, rows, _ := term.GetSize(os.Stdin.Fd())
			fmt.Printf("size %d %d\n", cols, rows)
		}
	case "suspends":
		playSuspendedTutor()
	case "floods":
		fmt.Println("up")
		for {
			if _, err := fmt.Println(strings.Repeat("flood ", 100)); err != nil {
				return
			}
		}
	}
}

// playCompletingTutor reports a stage and prints what it is answered.
func playCompletingTutor() {
	link := os.NewFile(3, "link")
	fmt.Println("up")
	line, _ := json.Marshal(event.Message{Type: event.Completed, ID: "a", Stage: 2, Score: 3, Questions: 4})
	_, _ = fmt.Fprintf(link, "no json\n%s\n%s\n", line, line)
	answers := bufio.NewScanner(link)
	for answers.Scan() {
		var m event.Message
		_ = json.Unmarshal(answers.Bytes(), &m)
		fmt.Printf("got %s %s%s\n", m.Type, m.ID, m.Text)
	}
}

type running struct {
	socket string
	exit   chan sandbox.Exit
	stop   context.CancelFunc
}

func start(t *testing.T, role string, change func(*Options)) running {
	t.Helper()
	dir, err := os.MkdirTemp("", "hold") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	listener, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{
		Listener: listener, Command: []string{os.Args[0]}, Environ: []string{roleVariable + "=" + role},
		Life: time.Hour, OwnNotices: true, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&opts)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := running{socket: socket, exit: make(chan sandbox.Exit, 1), stop: cancel}
	done := make(chan struct{})
	go func() {
		defer close(done)
		exit, err := Run(ctx, opts)
		if err != nil {
			t.Error(err)
		}
		r.exit <- exit
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return r
}

// join attaches and returns the output line by line.
func (r running) join(t *testing.T) (lines *bufio.Scanner, exit <-chan sandbox.Exit) {
	t.Helper()
	conn, err := Dial(t.Context(), r.socket)
	if err != nil {
		t.Fatal(err)
	}
	in, typed := io.Pipe()
	output, out := io.Pipe()
	exits := make(chan sandbox.Exit, 1)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		e, err := Attach(ctx, conn, sandbox.Control, sandbox.Terminal{In: in, Out: out, Size: size80})
		if err != nil {
			t.Error(err)
		}
		_ = out.Close()
		exits <- e
	}()
	t.Cleanup(func() {
		cancel()
		_ = output.Close()
		_ = typed.Close()
		<-done
	})
	return bufio.NewScanner(output), exits
}

// oversee joins as a supervisor.
func (r running) oversee(t *testing.T, hear Hear) *Supervisor {
	t.Helper()
	conn, err := Dial(t.Context(), r.socket)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Oversee(conn, hear)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func expect(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if strings.Contains(lines.Text(), want) {
			return
		}
	}
	t.Fatalf("the output ended before %q", want)
}

func TestCompletedIsKeptUntilRecorded(t *testing.T) {
	r := start(t, "completes", nil)
	lines, _ := r.join(t)
	expect(t, lines, "up")
	// The first gateway cannot record it, the second one can.
	refused := make(chan event.Message, 4)
	first := r.oversee(t, Hear{Completed: func(m event.Message) error {
		refused <- m
		return errors.New("the disk is full")
	}})
	if m := <-refused; m.Stage != 2 || m.Score != 3 || m.Questions != 4 {
		t.Errorf("reported %+v", m)
	}
	first.Close()
	recorded := make(chan event.Message, 4)
	second := r.oversee(t, Hear{Completed: func(m event.Message) error {
		recorded <- m
		return nil
	}})
	defer second.Close()
	if m := <-recorded; m.ID != "a" {
		t.Errorf("the second gateway is told %+v", m)
	}
	expect(t, lines, "got recorded a")
	if len(recorded) > 0 || len(refused) > 0 {
		t.Error("one completion was reported twice on one connection")
	}
}

func TestNoticeReachesTheTutor(t *testing.T) {
	r := start(t, "completes", nil)
	lines, _ := r.join(t)
	expect(t, lines, "up")
	s := r.oversee(t, Hear{Completed: func(event.Message) error { return nil }})
	defer s.Close()
	if err := s.Tell(t.Context(), "ten\x1b[2J minutes"); err != nil {
		t.Fatal(err)
	}
	expect(t, lines, "got notice ten[2J minutes")
}

func TestNoticeInTheTitle(t *testing.T) {
	r := start(t, "quiet", func(o *Options) { o.OwnNotices = false })
	lines, _ := r.join(t)
	expect(t, lines, "up")
	s := r.oversee(t, Hear{Completed: func(event.Message) error { return nil }})
	defer s.Close()
	if err := s.Tell(t.Context(), "hello"); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context(), "enough"); err != nil {
		t.Fatal(err)
	}
	expect(t, lines, "\x1b]2;hello\x07\x07")
}

// Whatever somebody has to tell is told in one plain line of some length.
func TestNoticeIsOneLine(t *testing.T) {
	hostile := "\x1b]2;pwned\a\x1b[2J\r\nnext\u009b6n\u202e line " + strings.Repeat("\x1b[31m장 ", 10_000)
	want := "]2;pwned[2J next6n line" + strings.Repeat(" [31m장", 1000)
	want = string([]rune(want)[:sandbox.MaxLine-1]) + "…"
	for name, own := range map[string]bool{"by the tutor": true, "in the title": false} {
		t.Run(name, func(t *testing.T) {
			r := start(t, "completes", func(o *Options) { o.OwnNotices = own })
			lines, _ := r.join(t)
			expect(t, lines, "up")
			s, _ := r.listen(t)
			if err := s.Tell(t.Context(), hostile); err != nil {
				t.Fatal(err)
			}
			told := "got notice " + want
			if !own {
				told = "\x1b]2;" + want + "\a\a"
				if err := s.Stop(t.Context(), hostile); err != nil {
					t.Fatal(err)
				}
			}
			expect(t, lines, told)
			if _, err := s.Status(t.Context()); own && err != nil {
				t.Errorf("after that the holder says %v", err)
			}
		})
	}
}

func TestTutorThatIgnoresSIGTERM(t *testing.T) {
	r := start(t, "", func(o *Options) {
		o.Command = []string{"/bin/sh", "-c", "trap '' TERM HUP; echo up; while :; do sleep 1; done"}
		o.Stop = 200 * time.Millisecond
	})
	lines, _ := r.join(t)
	expect(t, lines, "up")
	r.stop()
	if exit := <-r.exit; exit.Ending != sandbox.Stopped {
		t.Errorf("ended by %+v", exit)
	}
}

func TestTutorIsExpendable(t *testing.T) {
	before, err := os.ReadFile(oomPath)
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, "", func(o *Options) {
		o.Command = []string{"/bin/sh", "-c", "echo score $(cat " + oomPath + ") of the tutor; read -r line"}
	})
	lines, _ := r.join(t)
	own, err := strconv.Atoi(strings.TrimSpace(string(before)))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, lines, fmt.Sprintf("score %d of the tutor", min(1000, own+500)))
	if after, err := os.ReadFile(oomPath); err != nil || string(after) != string(before) {
		t.Errorf("the holder's own score went from %s to %s, %v", before, after, err)
	}
}

func TestStopBeforeAnybodyJoined(t *testing.T) {
	r := start(t, "quiet", nil)
	r.stop()
	if exit := <-r.exit; exit.Ending != sandbox.Stopped {
		t.Errorf("ended by %+v", exit)
	}
}

func TestCommandThatIsNotThere(t *testing.T) {
	r := start(t, "", func(o *Options) { o.Command = []string{"/no/such/tutor"} })
	_, exits := r.join(t)
	if exit := <-exits; exit.Code != 127 || !strings.Contains(exit.Reason, "could not be started") {
		t.Errorf("the learner is told %+v", exit)
	}
}

func TestSocketOfOneUser(t *testing.T) {
	r := start(t, "quiet", nil)
	info, err := os.Stat(r.socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %v, %v", info.Mode(), err)
	}
}

func TestLongSocketPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	listener, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := Dial(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

// watch joins as a watcher that reads by hand.
func (r running) watch(t *testing.T) net.Conn {
	t.Helper()
	conn, err := Dial(t.Context(), r.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, "{\"mode\":\"watch\"}\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestWatcherThatTakesNothingHoldsNobodyUp(t *testing.T) {
	r := start(t, "floods", nil)
	lines, _ := r.join(t)
	expect(t, lines, "up")
	r.watch(t)
	for range 8_000 { // more than every queue on the way can hold
		if !lines.Scan() {
			t.Fatal("the learner's output stopped")
		}
	}
}

// A watcher that was slow misses some output and is not left with an old
// picture.
func TestSlowWatcherCatchesUp(t *testing.T) {
	r := start(t, "", func(o *Options) {
		o.Command = []string{"/bin/sh", "-c", "echo up; yes flood | head -c 8000000; echo at the end; read -r line"}
	})
	lines, _ := r.join(t)
	expect(t, lines, "up")
	watcher := r.watch(t)
	expect(t, lines, "at the end")
	var buf []byte
	all := 0
	for {
		_ = watcher.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, payload, err := readFrame(watcher, &buf)
		if err != nil {
			t.Fatalf("the watcher was not shown the end: %v", err)
		}
		all += len(payload)
		if strings.Contains(string(payload), "at the end") {
			break
		}
	}
	if all > 8_000_000 {
		t.Errorf("the watcher was given all %d bytes, so nothing is proved", all)
	}
}

// A sandbox that has ended is not taken for alive in the moment before its
// process is gone, or the next session would be sent into it.
func TestEndedSandboxAnswersWithItsEnd(t *testing.T) {
	h := &holder{
		opts: Options{Log: slog.New(slog.DiscardHandler)}, ended: make(chan struct{}),
		exit: &sandbox.Exit{Ending: sandbox.Exited}, overseers: make(map[*overseer]struct{}),
	}
	close(h.ended)
	for range 100 {
		ours, theirs := net.Pipe()
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = h.serve(theirs)
		}()
		go func() {
			_, _ = io.WriteString(ours, "{\"mode\":\"supervise\"}\n")
			_ = writeJSON(ours, frameRequest, Request{Operation: opStatus})
		}()
		var buf []byte
		if kind, _, err := readFrame(ours, &buf); err != nil || kind != frameExit {
			t.Fatalf("it answered with a frame of type %q, %v", kind, err)
		}
		_ = ours.Close()
		<-served
	}
}

// A tutor that reads nothing must not keep its learner attached for ever, nor
// the holder alive.
func TestTutorThatReadsNothing(t *testing.T) {
	r := start(t, "", func(o *Options) {
		o.Command = []string{"/bin/sh", "-c", "stty raw -echo; echo up; exec sleep 3600"}
	})
	conn := r.dial(t)
	if err := sayHello(conn, Hello{Mode: sandbox.Control, Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	var buf []byte
	for out := []byte(nil); !strings.Contains(string(out), "up"); {
		var err error
		if _, out, err = readFrame(conn, &buf); err != nil {
			t.Fatal(err)
		}
	}
	go func() { // far more than every queue on the way holds
		for writeFrame(conn, frameData, make([]byte, maxFrame)) == nil {
		}
	}()
	news := make(chan Status, 16)
	s := r.oversee(t, Hear{Completed: func(event.Message) error { return nil }, Changed: func(s Status) { news <- s }})
	defer s.Close()
	for deadline := time.After(inputLimit / 2); ; { // it is stuck by now
		select {
		case <-news:
			continue
		case <-deadline:
		}
		break
	}
	_ = conn.Close()
	select {
	case now := <-news:
		if now.Attached {
			t.Errorf("after the learner has left: %+v", now)
		}
	case <-time.After(5 * inputLimit):
		t.Fatal("the learner who has left is still attached")
	}
	r.stop()
	select {
	case <-r.exit:
	case <-time.After(10 * time.Second):
		t.Fatal("the holder does not end")
	}
}

// The end does not wait for one who has not said what it came for.
func TestStrangerHoldsNobodyUp(t *testing.T) {
	r := start(t, "quiet", nil)
	conn := r.dial(t)
	s, _ := r.listen(t) // so the stranger, who came before, is in
	if err := s.Stop(t.Context(), "enough"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.exit:
	case <-time.After(helloLimit / 3):
		t.Fatal("the holder waits for a connection that says nothing")
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the stranger was told something")
	}
}

// In a Pod everything ends with the holder, also what carries its last word.
func TestEndWaitsUntilItIsHeard(t *testing.T) {
	r := start(t, "quiet", nil)
	conn := r.dial(t)
	if err := sayHello(conn, Hello{Mode: sandbox.Control, Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	expectOutput(t, conn, "up")
	s, _ := r.listen(t)
	if err := s.Stop(t.Context(), "enough"); err != nil {
		t.Fatal(err)
	}
	var buf []byte
	for {
		kind, _, err := readFrame(conn, &buf)
		if err != nil {
			t.Fatal(err)
		}
		if kind == frameExit {
			break
		}
	}
	heard := time.Now()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("behind the last word there is %v", err)
	}
	select {
	case <-r.exit:
		if time.Since(heard) < hearingLimit/2 {
			t.Error("the holder has left before we have")
		}
	default:
	}
	_ = conn.Close()
	<-r.exit
}
