package hold

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
	"lectern/sandbox/event"
)

// visitor is a terminal that types or watches.
type visitor struct {
	in      *io.PipeWriter
	screen  *lecterntest.Screen
	resizes chan sandbox.Size
	exit    chan sandbox.Exit
	leave   context.CancelFunc
}

// visit joins with a terminal of 80 by 24. A watcher's screen shows each size that
// it is told as "<cols×rows>".
func (r running) visit(t *testing.T, mode sandbox.AttachMode, name string) *visitor {
	t.Helper()
	conn, err := Dial(t.Context(), r.socket)
	if err != nil {
		t.Fatal(err)
	}
	in, typed := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	v := &visitor{
		in: typed, screen: lecterntest.NewScreen(), resizes: make(chan sandbox.Size),
		exit: make(chan sandbox.Exit, 1), leave: cancel,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		exit, err := Attach(ctx, conn, mode, sandbox.Terminal{
			In: in, Out: v.screen, Size: size80, Resizes: v.resizes, Watcher: name,
			Sized: func(s sandbox.Size) { _, _ = fmt.Fprintf(v.screen, "<%d×%d>", s.Cols, s.Rows) },
		})
		if err != nil {
			t.Error(err)
		}
		v.exit <- exit
	}()
	t.Cleanup(func() {
		cancel()
		_ = typed.Close()
		<-done
	})
	return v
}

func (v *visitor) types(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(v.in, text); err != nil {
		t.Fatal(err)
	}
}

func (v *visitor) ends(t *testing.T, want sandbox.Ending) sandbox.Exit {
	t.Helper()
	select {
	case exit := <-v.exit:
		if exit.Ending != want {
			t.Errorf("ended by %+v, want %q", exit, want)
		}
		return exit
	case <-time.After(10 * time.Second):
		t.Fatalf("it has not ended by %q", want)
		return sandbox.Exit{}
	}
}

// scripted is a holder of a shell that does as each line says.
func scripted(t *testing.T) running { return scriptedFor(t, titleFor) }

// scriptedFor is scripted with another time for each line in the title.
func scriptedFor(t *testing.T, title time.Duration) running {
	t.Helper()
	return start(t, "", func(o *Options) {
		o.OwnNotices, o.titleFor = false, title
		o.Command = []string{"/bin/sh", "-c", `
			stty -echo
			trap 'echo "winch $(stty size)"' WINCH
			echo up
			while :; do
				read -r verb rest || continue
				case $verb in
				title) printf '\033]2;%s\007' "$rest" ;;
				print) printf -- "$rest" ;;
				esac
			done`}
	})
}

// watchedBy waits until the holder says that those watch.
func watchedBy(t *testing.T, news <-chan Status, names ...string) Status {
	t.Helper()
	for {
		select {
		case s := <-news:
			if slices.Equal(s.Watched, names) {
				return s
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("it is not watched by %q", names)
		}
	}
}

// listen oversees the holder for the rest of the test.
func (r running) listen(t *testing.T) (*Supervisor, <-chan Status) {
	t.Helper()
	news := make(chan Status, 64)
	s := r.oversee(t, Hear{Completed: func(event.Message) error { return nil }, Changed: func(s Status) { news <- s }})
	t.Cleanup(s.Close)
	return s, news
}

// Who watches stands in the title of a foreign program's window for as long as it
// lasts, whatever the program makes of its title.
func TestWatchedWindow(t *testing.T) {
	r := scriptedFor(t, time.Hour)
	s, news := r.listen(t)
	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "up")
	learner.types(t, "title own\n")
	learner.screen.Expect(t, "\x1b]2;own\a")

	grace := r.visit(t, sandbox.Watch, "grace")
	learner.screen.Expect(t, "^\x1b]2;● grace watches · own\a\a$")
	learner.types(t, "title next\n")
	learner.screen.Expect(t, "^\x1b]2;next\a\x1b]2;● grace watches · next\a")

	learner.types(t, `print \033]2;cut`+"\n") // and linus comes in the middle of it
	learner.screen.Expect(t, "^\x1b]2;cut$")
	linus := r.visit(t, sandbox.Watch, "linus")
	watchedBy(t, news, "grace", "linus")
	learner.types(t, `print -in-two\007`+"\n")
	learner.screen.Expect(t, "^-in-two\a\x1b]2;● grace and linus watch · cut-in-two\a\a$")

	grace.leave()
	learner.screen.Expect(t, "^\x1b]2;● linus watches · cut-in-two\a$")
	if err := s.Tell(t.Context(), "lunch"); err != nil {
		t.Fatal(err)
	}
	learner.screen.Expect(t, "^\x1b]2;● linus watches · lunch\a\a$")

	next := r.visit(t, sandbox.Control, "") // it finds the title as it must be
	next.screen.Expect(t, "\x1b]2;cut-in-two\a")
	next.screen.Expect(t, "\x1b]2;● linus watches · lunch\a\a") // nobody may have read it
	learner.ends(t, sandbox.TakenOver)
	learner.screen.Expect(t, "^\x1b]2;lunch\a$")
	linus.leave()
	next.screen.Expect(t, "\x1b]2;lunch\a")
	next.types(t, "title last\n")
	next.screen.Expect(t, "\x1b]2;last\a\x1b]2;lunch\a") // which has its time
	linus.screen.Expect(t, "in-two")
	for _, watcher := range []*visitor{grace, linus} {
		if all := watcher.screen.All(); strings.Contains(all, "●") {
			t.Errorf("a watcher is told that somebody watches: %q", all)
		}
	}
}

// A learner who is watched at the end is not left with a title that says so.
func TestWatchedToTheEnd(t *testing.T) {
	r := scripted(t)
	s, _ := r.listen(t)
	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "up")
	grace := r.visit(t, sandbox.Watch, "grace")
	learner.screen.Expect(t, "\x1b]2;● grace watches\a\a")
	if err := s.Stop(t.Context(), "the\nlesson is\x1b over"); err != nil {
		t.Fatal(err)
	}
	for _, v := range []*visitor{learner, grace} {
		if exit := v.ends(t, sandbox.Killed); exit.Reason != "the lesson is over" {
			t.Errorf("told %q", exit.Reason)
		}
	}
	learner.screen.Expect(t, "\x1b]2;\a$")
}

func TestWatchedTutorIsTold(t *testing.T) {
	r := start(t, "completes", nil)
	_, news := r.listen(t)
	early := r.visit(t, sandbox.Watch, "early") // before there is a tutor
	watchedBy(t, news, "early")
	lines, _ := r.join(t)
	expect(t, lines, "got watched early watches")
	again := r.visit(t, sandbox.Watch, "early") // is no news
	watchedBy(t, news, "early")
	conn := r.dial(t)
	hello, _ := json.Marshal(Hello{Mode: sandbox.Watch, Watcher: "ro\x1b[2Jot\n" + strings.Repeat("x", 1000)})
	if _, err := conn.Write(append(hello, '\n')); err != nil {
		t.Fatal(err)
	}
	name := "ro[2Jot " + strings.Repeat("x", maxName-len("ro[2Jot ")-1) + "…"
	expect(t, lines, "got watched early and "+name+" watch")
	nobody := r.visit(t, sandbox.Watch, " \x1b")
	expect(t, lines, "got watched early, "+name+" and somebody watch")
	early.leave()
	again.leave()
	expect(t, lines, "got watched "+name+" and somebody watch")
	nobody.leave()
	expect(t, lines, "got watched "+name+" watches")
	_ = conn.Close()
	expect(t, lines, "got watched")
	if text := strings.TrimSpace(lines.Text()); !strings.HasSuffix(text, "got watched") {
		t.Errorf("when it is over the tutor is told %q", text)
	}
}

// A watcher knows for which size it is shown what it is shown.
func TestWatcherIsToldTheSize(t *testing.T) {
	r := scripted(t)
	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "up")
	watcher := r.visit(t, sandbox.Watch, "grace")
	watcher.screen.Expect(t, "^<80×24>.*up")
	learner.resizes <- sandbox.Size{Cols: 100, Rows: 30}
	watcher.screen.Expect(t, "<100×30>winch 30 100")
	r.visit(t, sandbox.Control, "") // comes with a size of its own
	watcher.screen.Expect(t, "<80×24>winch 24 80")
	if strings.Contains(learner.screen.All(), "×") {
		t.Error("who types is told a size")
	}
}

func TestSlowWatcherCatchesUpWithTheSize(t *testing.T) {
	r := start(t, "", func(o *Options) {
		o.Command = []string{"/bin/sh", "-c", `
			trap 'echo winch' WINCH
			echo up; yes flood | head -c 8000000; echo at the end
			while :; do read -r line; done`}
	})
	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "up")
	watcher := r.watch(t) // which reads nothing
	learner.screen.Expect(t, "at the end")
	learner.resizes <- sandbox.Size{Cols: 100, Rows: 30}
	learner.screen.Expect(t, "winch")
	var (
		buf  []byte
		size sandbox.Size
	)
	for text := ""; !strings.Contains(text, "at the end"); {
		_ = watcher.SetReadDeadline(time.Now().Add(10 * time.Second))
		kind, payload, err := readFrame(watcher, &buf)
		switch {
		case err != nil:
			t.Fatalf("the watcher was not shown the end: %v", err)
		case kind == frameResize:
			if size, err = decodeSize(payload); err != nil {
				t.Error(err)
			}
		case size == sandbox.Size{}:
			t.Fatalf("the first frame is of type %q", kind)
		default:
			text = string(payload)
		}
	}
	if want := (sandbox.Size{Cols: 100, Rows: 30}); size != want {
		t.Errorf("the end was shown as for %v, want %v", size, want)
	}
}

// Whatever a watcher does, the tutor, the clocks and the learner's place are as if
// it were not there.
func TestWatcherReachesNothing(t *testing.T) {
	r := start(t, "measures", nil)
	s, news := r.listen(t)
	alone := r.visit(t, sandbox.Watch, "grace")
	if now := watchedBy(t, news, "grace"); now.Attached || now.Epoch != 0 || now.DetachedAt.IsZero() {
		t.Errorf("with a watcher alone: %+v", now)
	}
	alone.leave()
	watchedBy(t, news)

	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "up")
	before, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	watcher := r.dial(t)
	if err := sayHello(watcher, Hello{Mode: sandbox.Watch, Cols: 10, Rows: 10, Epoch: 7, Watcher: "mallory"}); err != nil {
		t.Fatal(err)
	}
	watchedBy(t, news, "mallory")
	for range 10 {
		if err := writeFrame(watcher, frameData, []byte("\n")); err != nil {
			t.Fatal(err)
		}
		if err := writeFrame(watcher, frameResize, encodeSize(sandbox.Size{Cols: 10, Rows: 10})); err != nil {
			t.Fatal(err)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, watcher) }()
	if half, ok := watcher.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		t.Fatal("the watcher cannot stop talking")
	}
	watchedBy(t, news) // so it has been listened to
	after, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !after.Attached || after.Epoch != before.Epoch || !after.LastInput.Equal(before.LastInput) || !after.Expires.Equal(before.Expires) {
		t.Errorf("it was %+v and is %+v", before, after)
	}
	learner.types(t, "\n")
	learner.screen.Expect(t, "size 80 24")
	if all := learner.screen.All(); strings.Count(all, "size") != 1 {
		t.Errorf("the watcher's typing reached the tutor: %q", all)
	}
}

// Being watched keeps no idle learner's session alive.
func TestWatcherIsNoLearner(t *testing.T) {
	r := start(t, "quiet", func(o *Options) { o.Idle = 500 * time.Millisecond })
	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "up")
	watcher := r.visit(t, sandbox.Watch, "grace")
	typing := make(chan struct{})
	go func() {
		defer close(typing)
		for {
			if _, err := io.WriteString(watcher.in, "x"); err != nil {
				return
			}
		}
	}()
	learner.ends(t, sandbox.Idle)
	watcher.ends(t, sandbox.Idle)
	<-typing
}

// A tutor that is slow to leave, and may have much to say meanwhile, does not keep
// its learner from hearing why.
func TestSlowTutorKeepsNobodyFromHearing(t *testing.T) {
	for name, script := range map[string]string{
		"quiet":  `while :; do read -r line; done`,
		"floods": `while :; do echo flood flood flood flood flood flood flood flood; done`,
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, "", func(o *Options) {
				o.Command, o.Stop = []string{"/bin/sh", "-c", `trap '' TERM HUP; echo up; ` + script}, 5*time.Second
			})
			s, _ := r.listen(t)
			learner := r.visit(t, sandbox.Control, "")
			watcher := r.visit(t, sandbox.Watch, "grace")
			learner.screen.Expect(t, "up")
			asked := time.Now()
			if err := s.Stop(t.Context(), "enough"); err != nil {
				t.Fatal(err)
			}
			for _, v := range []*visitor{learner, watcher} {
				if exit := v.ends(t, sandbox.Killed); exit.Reason != "enough" || exit.Code == 0 {
					t.Errorf("told %+v", exit)
				}
			}
			// A second after the order, on a machine that has nothing else to do; by
			// itself the tutor would not have left for five.
			if took := time.Since(asked); took > 4*time.Second {
				t.Errorf("told after %s", took)
			}
			late := r.visit(t, sandbox.Control, "") // finds it on its way out
			if exit := late.ends(t, sandbox.Killed); exit.Reason != "enough" {
				t.Errorf("who comes late is told %+v", exit)
			}
			select {
			case exit := <-r.exit:
				t.Errorf("the holder has left its tutor alone: %+v", exit)
			case <-s.Done():
				t.Error("the end is told before it has come")
			default:
			}
		})
	}
}
