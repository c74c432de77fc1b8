package tui

import (
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"go.uber.org/goleak"
)

// hostile is output that would act on the terminal of whoever is shown it.
const hostile = "\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b]8;;https://evil.example\x07link\x1b]8;;\x07\x1b[6n\x1b[c\x1b]11;?\x07" +
	"\x1bP+q544e\x1b\\\x1b[?1003h\x1b[?2004h\x1b[?1049l\x1b[5i\x1b[8mhidden\x1b[m\x1b[5mblink\x1b[m\x9b2J\u009b2J\u202ertl\x1b[200~pasted\x1b[201~" +
	"e\u0301" + "가 shown\x07\x00\x0e\x1b[!p\x1b]1337;File=:AAAA\x07\x1b_Gf=100;AAAA\x1b\\"

// harmless fails where text holds more than letters and their looks.
func harmless(t *testing.T, lines []string, width int) {
	t.Helper()
	for _, l := range lines {
		if w := ansi.StringWidth(l); w > width {
			t.Errorf("a line of %d columns where there are %d: %q", w, width, l)
		}
		for rest := l; rest != ""; {
			before, after, found := strings.Cut(rest, "\x1b")
			if strings.ContainsFunc(before, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
				t.Errorf("a control character in %q", l)
			}
			if !found {
				break
			}
			end := strings.IndexFunc(after, func(r rune) bool { return !strings.ContainsRune("[0123456789;:", r) })
			if end < 1 || after[0] != '[' || after[end] != 'm' {
				t.Fatalf("more than a style in %q", l)
			}
			rest = after[end+1:]
		}
	}
}

func TestWatchedBytesCannotReachTheTerminal(t *testing.T) {
	d, _ := watching(t, 80, 24, hostile)
	d.shows("shown", "watching ada · 80×24 · Esc leaves")
	v := d.admin.View()
	harmless(t, strings.Split(v.Content, "\n"), 80)
	if v.WindowTitle != "Lectern" || v.Cursor != nil || v.MouseMode != tea.MouseModeNone || !v.AltScreen {
		t.Errorf("the view is %+v", v)
	}
}

func FuzzMirror(f *testing.F) {
	f.Add([]byte(hostile), 80, 24, 3, 2)
	f.Add([]byte("\x1b[2000000000b👩‍👩‍👧❤️"+strings.Repeat("e\u0301\u0301", 99)), 5, 2, 1, 1)
	f.Add([]byte("\x1b[?2027h👩‍👩‍👧❤️가\x1b[10;3r\x1b[99L\x1b[99M\x1b[99@\x1b[99P"), 7, 20, 2, 0)
	f.Fuzz(func(t *testing.T, output []byte, cols, rows, x, y int) {
		if len(output) > 4096 {
			return
		}
		m := newMirror()
		m.size(cols%100, rows%50)
		_, _ = m.Write(output)
		for _, c := range []crop{{x: x, y: y, width: 9, height: 4}, {width: 40, height: 14, follow: true, noColor: true}} {
			m.aim(c)
			harmless(t, m.draw().lines, c.width)
		}
		m.size(rows%50, cols%100)
		_, _ = m.Write(output)
		harmless(t, m.draw().lines, 40)
		m.close()
	})
}

func TestMirrorSurvivesAPanicOfTheEmulator(t *testing.T) {
	defer goleak.VerifyNone(t)
	m := newMirror()
	_, _ = m.Write([]byte("before"))
	m.terminal.RegisterCsiHandler('y', func(ansi.Params) bool { panic("a fault of the emulator") })
	_, _ = m.Write([]byte("\x1b[1y"))
	_, _ = m.Write([]byte("after"))
	if got := m.draw().lines[0]; !strings.Contains(got, "after") || strings.Contains(got, "before") {
		t.Errorf("the first line is %q", got)
	}
	m.close()
	if got := m.draw().lines[0]; !strings.Contains(got, "after") {
		t.Errorf("after the end the first line is %q", got)
	}
}

func TestMirrorShowsItsCrop(t *testing.T) {
	m := newMirror()
	defer m.close()
	m.size(20, 4)
	_, _ = m.Write([]byte("\x1b[?25l0123456789abcdefghij가나다라마바사아자\r\n\x1b[1;31mred\x1b[m"))
	for _, tt := range []struct {
		crop crop
		want string
	}{
		{crop{width: 20, height: 4}, "0123456789abcdefghij|가나다라마바사아자|red|"},
		{crop{x: 5, width: 5, height: 2}, "56789| 라마"}, // half a letter is none
		{crop{x: 99, y: 99, width: 4, height: 3}, "자||"},
		{crop{x: -3, width: 4, height: 1}, "0123"},
	} {
		m.aim(tt.crop)
		var got []string
		for _, l := range m.draw().lines {
			got = append(got, strings.TrimRight(ansi.Strip(l), " "))
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%+v shows %q, want %q", tt.crop, strings.Join(got, "|"), tt.want)
		}
	}
	m.aim(crop{y: 2, width: 9, height: 1})
	if got := m.draw().lines[0]; !strings.Contains(got, "31") {
		t.Errorf("the colour is missing in %q", got)
	}
	m.aim(crop{y: 2, width: 9, height: 1, noColor: true})
	if got := m.draw().lines[0]; strings.Contains(got, "31") || !strings.Contains(got, "\x1b[1m") {
		t.Errorf("without colour %q is shown", got)
	}
}

func TestHowToLeaveAWatchIsNeverCut(t *testing.T) {
	d, _ := watching(t, 130, 50, "some output")
	w := d.admin.top().(*watch)
	for _, login := range []string{"ada", "bob-the-builder", strings.Repeat("x", maxLogin), "김학습"} {
		w.guest.Login = login
		for width := 30; width <= 120; width++ {
			d.resize(width, 15)
			d.shows(" · Esc leaves", " watching "+string([]rune(login)[:2]))
			fits(t, d)
		}
	}
}

func TestArrowsMoveAWatchedTerminalThatIsLarger(t *testing.T) {
	var b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&b, "\r\n%d row %d%sright", i, i, strings.Repeat(".", 90))
	}
	d, _ := watching(t, 120, 40, b.String())
	d.shows("watching ada · 120×40 · Esc leaves", "arrows move")
	d.shows("...right") // it follows the cursor
	for range 6 {
		d.press("left")
	}
	d.untilDrawn()
	d.shows("49 row 49", "f follows")
	d.hides("right", "10 row 10")
	d.press("up", "up", "up", "up", "up", "up", "up", "up")
	d.untilDrawn()
	d.shows("10 row 10")
	d.hides("49 row 49")
	d.press("f")
	d.untilDrawn()
	d.shows("...right")
}

// TestKeysDoNotWaitForOutput holds the emulator as a flood would, only for ever.
func TestKeysDoNotWaitForOutput(t *testing.T) {
	d, _ := watching(t, 80, 24, "x")
	m := d.admin.top().(*watch).mirror
	m.mu.Lock()
	d.press("down", "right", "f", "?", "?")
	d.resize(40, 15)
	d.admin.View()
	d.press("esc")
	d.shows("› ada")
	m.mu.Unlock()
}

func TestNoKeyOfAWatchDoesAnything(t *testing.T) {
	s := &school{room: sampleRoom()}
	d := attend(t, s).press("w")
	d.press("x", "y", "m", "e", "d", "g", "enter", "s", "/", "a")
	d.send(tea.PasteMsg{Content: "rm -rf /\n"})
	d.shows("Waiting for ada's terminal…", "watching ada · Esc leaves")
	if len(s.asked) > 0 {
		t.Errorf("it asked for %s", <-s.asked)
	}
	d.press("esc")
	d.shows("› ada", "sorted by learner")
}

func TestLeavingAWatchEndsIt(t *testing.T) {
	ended := make(chan struct{})
	d := attend(t, &school{room: sampleRoom()}, func(o *AdminOptions) {
		o.Watch = func(ctx context.Context, _ string, out io.Writer, _ func(int, int)) (string, error) {
			defer close(ended)
			for ctx.Err() == nil {
				_, _ = io.WriteString(out, hostile)
			}
			return "", ctx.Err()
		}
	})
	d.press("w")
	d.untilDrawnOnce()
	d.press("esc")
	<-ended
	until[watchedMsg](d)
	d.shows("› ada")
}

// untilDrawnOnce waits for a picture of output that never stands still.
func (d *driver) untilDrawnOnce() {
	d.t.Helper()
	for w := d.admin.top().(*watch); w.shown.written == 0; {
		until[frameMsg](d)
	}
}

func TestAdminProgramWithHostileOutput(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := &school{room: sampleRoom(), asked: make(chan string, 16)}
	o := s.options()
	o.Every = 20 * time.Millisecond
	o.Watch = func(ctx context.Context, _ string, out io.Writer, sized func(int, int)) (string, error) {
		sized(80, 24)
		for ctx.Err() == nil {
			_, _ = io.WriteString(out, hostile)
		}
		return "", ctx.Err()
	}
	in, keys := io.Pipe()
	screen := &screenful{more: make(chan struct{}, 1)}
	a := NewAdmin(o)
	p := tea.NewProgram(a, tea.WithInput(in), tea.WithOutput(screen), tea.WithWindowSize(80, 24),
		tea.WithoutSignalHandler(), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = p.Run()
	}()
	screen.await(t, "bob-the-builder")
	io.WriteString(keys, "w")
	screen.await(t, "shown")
	io.WriteString(keys, "xy\x03")
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the program does not end")
	}
	a.Close()
	keys.Close()
	screen.mu.Lock()
	defer screen.mu.Unlock()
	for _, bad := range []string{"owned", "]52;", "evil.example", "\x1b[5i", "\x1b[6n", "\x1b[?1003h", "1337", "\x1b_G", "+q544e", "\u202e", "\u009b"} {
		if strings.Contains(screen.seen.String(), bad) {
			t.Errorf("%q reached the terminal", bad)
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("keys of the watch asked for %s", <-s.asked)
	}
}

func TestCloseWaitsForCallsOfAnAdmin(t *testing.T) {
	begun, returned := make(chan struct{}), false
	s := &school{room: sampleRoom()}
	d := attend(t, s, func(o *AdminOptions) {
		o.Kill = func(ctx context.Context, _, _ string) error {
			close(begun)
			<-ctx.Done()
			returned = true
			return ctx.Err()
		}
	})
	d.press("x", "y")
	<-begun
	d.admin.Close()
	if !returned {
		t.Error("Close returned before the call did")
	}
	d.admin.Close() // again is harmless
}

// TestFloodOfLargeScreens writes what costs an emulator most: 64 KiB of it are
// half a minute of work. One who has left does not wait for that, and while one
// watches there is time for the others of the gateway.
func TestFloodOfLargeScreens(t *testing.T) {
	ended := make(chan time.Time, 1)
	d := attend(t, &school{room: sampleRoom()}, func(o *AdminOptions) {
		o.Watch = func(ctx context.Context, _ string, out io.Writer, sized func(int, int)) (string, error) {
			defer func() { ended <- time.Now() }()
			sized(500, 200)
			_, _ = io.WriteString(out, strings.Repeat("\n", 64<<10))
			for i := range 4000 {
				sized(500-i%2, 200-i%2)
			}
			return "", ctx.Err()
		}
	})
	d.press("w")
	d.untilDrawnOnce()
	began, before := time.Now(), processorTime(t)
	time.Sleep(time.Second)
	if share := float64(processorTime(t)-before) / float64(time.Since(began)); share > 0.8 {
		t.Errorf("it takes %.2f of a processor", share)
	}
	began = time.Now()
	d.press("esc")
	if took := (<-ended).Sub(began); took > 2*time.Second {
		t.Errorf("the watch ended after %s", took)
	}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
