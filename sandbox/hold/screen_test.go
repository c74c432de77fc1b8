package hold

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"

	"lectern/sandbox"
)

var size80 = sandbox.Size{Cols: 80, Rows: 24}

// shown is what a terminal displays after it has been given p.
func shown(t *testing.T, p []byte) *vt.Emulator {
	t.Helper()
	e := vt.NewEmulator(80, 24)
	answers := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(e)
		answers <- all
	}()
	_, _ = e.Write(p)
	closeInput(e)
	if a := <-answers; len(a) > 0 {
		t.Errorf("the terminal was made to answer %q", a)
	}
	return e
}

func closeInput(e *vt.Emulator) { _ = e.InputPipe().(io.Closer).Close() }

func TestSnapshotShowsTheScreen(t *testing.T) {
	for name, output := range map[string]string{
		"lines":            "one\r\ntwo\r\n$ ",
		"alternate screen": "before\x1b[?1049h\x1b[2J\x1b[3;5Hfull screen\x1b[?25l",
		"left again":       "before\r\n\x1b[?1049hgone\x1b[?1049lafter",
		"colours":          "\x1b[31mred\x1b[m plain",
		"wide":             "트랜스포머 \x1b[1m어텐션\x1b[m",
		"queries":          "\x1b[c\x1b[6n\x1b[?2026$p\x1b[?u\x1b]11;?\x07ask",
		"scrolled":         strings.Repeat("line\r\n", 100) + "last",
		"cut sequence":     "text\x1b[3",
		"many lines":       numbered(2000, "line %d\r\n") + "$ ",
		"many frames":      "before\x1b[?1049h" + numbered(2500, "\x1b[H\x1b[2J\x1b[7mframe\x1b[m %d\r\nbelow it"),
	} {
		t.Run(name, func(t *testing.T) {
			want := vt.NewEmulator(80, 24)
			go func() { _, _ = io.Copy(io.Discard, want) }()
			_, _ = want.Write([]byte(output))
			s := newScreen()
			_, _ = s.Write([]byte(output))
			got := shown(t, s.picture(size80).bytes(time.Minute))
			if got.String() != want.String() {
				t.Errorf("a joining terminal shows\n%s\nwant\n%s", got.String(), want.String())
			}
			if got.CursorPosition() != want.CursorPosition() && name != "cut sequence" {
				t.Errorf("cursor at %v, want %v", got.CursorPosition(), want.CursorPosition())
			}
			if got.CursorHidden() != want.CursorHidden() || got.IsAltScreen() != want.IsAltScreen() {
				t.Error("the cursor or the alternate screen differ")
			}
			closeInput(want)
		})
	}
}

// numbered repeats a text with the numbers from 0 put in.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// What a program left on the alternate screen is not shown on the main one.
func TestSnapshotAfterALongStayOnTheAlternateScreen(t *testing.T) {
	s := newScreen()
	_, _ = s.Write([]byte("before\r\n\x1b[?1049h" + numbered(20_000, "\x1b[Hframe %d\r\n") + "\x1b[?1049lafter"))
	if got := shown(t, s.picture(size80).bytes(time.Minute)).String(); strings.Contains(got, "frame") || !strings.Contains(got, "after") {
		t.Errorf("a joining terminal shows\n%s", got)
	}
}

func TestSnapshotRestoresModes(t *testing.T) {
	s := newScreen()
	// Long before, and no longer in the ring.
	_, _ = s.Write([]byte("\x1b[?1049h\x1b[?2004h\x1b[?1002;1006h\x1b[?1h\x1b=\x1b[>1u\x1b[>4;2m\x1b[?25l\x1b]2;Stage 1\x07"))
	_, _ = s.Write(bytes.Repeat([]byte("x"), 2*ringSize))
	snap := string(s.picture(size80).bytes(time.Minute))
	for _, want := range []string{"\x1b[?1049h", "\x1b[?2004h", "\x1b[?1002h", "\x1b[?1006h", "\x1b[?1h", "\x1b=", "\x1b[>1u", "\x1b[>4;2m", "\x1b[?25l", "\x1b]2;Stage 1"} {
		after := snap[len(Reset):]
		if !strings.Contains(after, want) {
			t.Errorf("the snapshot lacks %q", want)
		}
	}
	_, _ = s.Write([]byte("\x1b[?1049l\x1b[?2004l\x1b[<u\x1bc"))
	after := string(s.picture(size80).bytes(time.Minute))[len(Reset):]
	if strings.Contains(after, "?1049h") || strings.Contains(after, "\x1b[>1u") {
		t.Error("modes that were switched off come back")
	}
}

func TestTitles(t *testing.T) {
	s := newScreen()
	for i, c := range []struct{ output, title string }{
		{"\x1b]0;one\x07", "one"}, {"\x1b[22;0t\x1b]2;two\x1b\\", "two"}, {"\x1b]1;icon\x07", "two"},
		{"\x1b[23;0t", "one"}, {"\x1b[23;2t", "one"}, {"\x1b[22;1t\x1b]2;three\x07\x1b[23;2t", "three"}, {"\x1b[18t", "three"},
	} {
		_, _ = s.Write([]byte(c.output))
		if s.title != c.title {
			t.Errorf("step %d: after %q the title is %q, want %q", i, c.output, s.title, c.title)
		}
	}
	if s.titles != 4 {
		t.Errorf("the title was set %d times, want 4", s.titles)
	}
	for range 100 {
		_, _ = s.Write([]byte("\x1b[22t"))
	}
	if len(s.saved) != 10 {
		t.Errorf("%d titles are kept aside", len(s.saved))
	}
}

func TestSettled(t *testing.T) {
	s := newScreen()
	for _, c := range []struct {
		output  string
		settled bool
	}{{"plain", true}, {"\x1b[3", false}, {"1m", true}, {"\x1b]2;title", false}, {"\x07", true}, {"\xed\x8a", false}, {"\xb8", true}} {
		_, _ = s.Write([]byte(c.output))
		if s.settled() != c.settled {
			t.Errorf("after %q settled is %v", c.output, s.settled())
		}
	}
}

func TestRing(t *testing.T) {
	r := newRing(8)
	var all []byte
	for _, p := range []string{"abc", "defg", "hijklmnopqrs", "", "t", "uvwxyz01", "2"} {
		_, _ = r.Write([]byte(p))
		all = append(all, p...)
		want := all[max(0, len(all)-8):]
		if got := r.bytes(); !bytes.Equal(got, want) {
			t.Fatalf("after %q the ring holds %q, want %q", p, got, want)
		}
		if r.oldest() != int64(len(all)-len(want)) {
			t.Errorf("oldest is %d", r.oldest())
		}
	}
}

func FuzzSnapshot(f *testing.F) {
	f.Add([]byte("\x1b[?1049h\x1b[2Jhello"), uint16(80), uint16(24))
	f.Add([]byte("\x1b]2;title\x07\x1b[>1u\x1b[<9u\x1bP+q\x1b\\"), uint16(1), uint16(1))
	f.Fuzz(func(t *testing.T, p []byte, cols, rows uint16) {
		s := newScreen()
		_, _ = s.Write(p)
		s.picture(sandbox.Size{Cols: int(cols % 200), Rows: int(rows % 60)}.Clamp()).bytes(time.Minute)
	})
}

// What a program in the sandbox writes must not keep a learner from joining.
func TestPictureOfHostileOutput(t *testing.T) {
	largest := sandbox.Size{Cols: 1 << 20, Rows: 1 << 20}.Clamp()
	for name, output := range map[string]string{
		"repeat":   "a\x1b[99999999b",
		"tab":      "\x1b[99999999I",
		"tab back": "\x1b[99999999Z",
		"scroll":   strings.Repeat("\n", ringSize),
		"insert":   strings.Repeat("\x1b[H\x1b[9999L\x1b[9999@", 1<<14),
		"repeats":  "a" + strings.Repeat("\x1b[500b", 1<<15),
	} {
		t.Run(name, func(t *testing.T) {
			s := newScreen()
			_, _ = s.Write([]byte("\x1b[?1049h" + output))
			began := time.Now()
			s.picture(largest).bytes(drawLimit)
			if took := time.Since(began); took > 10*drawLimit {
				t.Errorf("drawing took %s", took)
			}
		})
	}
}
