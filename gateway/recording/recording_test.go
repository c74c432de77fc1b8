package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"
)

// noon is when the tests begin.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// lab is a recorder with a clock.
type lab struct {
	*Recorder
	t   *testing.T
	log lockedLog

	mu  sync.Mutex
	now time.Time
}

type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func newLab(t *testing.T, dir string, maxSize int64) *lab {
	t.Helper()
	l := &lab{t: t, now: noon}
	l.start(dir, maxSize)
	t.Cleanup(func() { l.end() })
	return l
}

func (l *lab) start(dir string, maxSize int64) {
	l.t.Helper()
	var err error
	l.Recorder, err = Open(Options{
		Dir: dir, MaxSize: maxSize, Keep: 24 * time.Hour, Log: slog.New(slog.NewTextHandler(&l.log, nil)),
		Now: func() time.Time {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.now
		},
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) move(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

// end is the end of the process: all is written.
func (l *lab) end() {
	l.t.Helper()
	if err := l.Close(); err != nil {
		l.t.Error(err)
	}
}

// again is the next process.
func (l *lab) again() {
	l.t.Helper()
	l.end()
	l.start(l.Dir, l.MaxSize)
}

var ada = Session{ID: "0a1b", Login: "Ada.L", Title: "Sorting, stage 2", Term: "xterm", Cols: 80, Rows: 24}

// shows records pieces of output, each a second after the one before.
func (l *lab) shows(t *Tape, pieces ...string) {
	l.t.Helper()
	out := t.Over(io.Discard)
	for _, piece := range pieces {
		l.move(time.Second)
		if n, err := io.WriteString(out, piece); n != len(piece) || err != nil {
			l.t.Errorf("the terminal takes %d bytes, %v", n, err)
		}
	}
}

// file is the only recording there is, once all is written.
func (l *lab) file() string {
	l.t.Helper()
	names, err := l.files()
	if err != nil || len(names) != 1 {
		l.t.Fatalf("the recordings are %v, %v", names, err)
	}
	return filepath.Join(l.Dir, names[0])
}

func (l *lab) text() string {
	l.t.Helper()
	text, err := os.ReadFile(l.file())
	if err != nil {
		l.t.Fatal(err)
	}
	return string(text)
}

// printedBy is all output of a recording.
func printedBy(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	for line := range strings.Lines(text[strings.IndexByte(text, '\n')+1:]) {
		var event [3]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if event[1] == "o" {
			out.WriteString(event[2].(string))
		}
	}
	return out.String()
}

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		if err := playFullDisk(os.Getenv(folderVariable)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func TestRecording(t *testing.T) {
	l := newLab(t, filepath.Join(t.TempDir(), "recordings"), 1<<20)
	tape := l.Begin(ada)
	l.shows(tape, "\x1b[1m<hello>\r\n")
	tape.Resize(100, 30)
	l.shows(tape, "bye")
	tape.Close()
	tape.Resize(1, 1)
	l.shows(tape, "of another")
	l.end()
	const want = `{"version":2,"width":80,"height":24,"timestamp":1795608000,"title":"Sorting, stage 2","idle_time_limit":2,"env":{"TERM":"xterm"}}
[0.000000, "r", "80x24"]
[1.000000, "o", "\u001b[1m<hello>\r\n"]
[1.000000, "r", "100x30"]
[2.000000, "o", "bye"]
`
	if got := l.text(); got != want {
		t.Errorf("recorded:\n%s", got)
	}
	path := l.file()
	if filepath.Base(path) != "20261125T120000Z-ada_l-0a1b.cast" {
		t.Errorf("it is named %s", path)
	}
	for path, mode := range map[string]os.FileMode{path: 0o600, l.Dir: 0o700 | os.ModeDir} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
	}
}

func TestNoRecorder(t *testing.T) {
	var none *Recorder
	tape := none.Begin(ada)
	tape.Resize(1, 1)
	tape.Close()
	if w := tape.Over(io.Discard); w != io.Discard {
		t.Error("it stands between the learner and the sandbox")
	}
	if err := none.Close(); err != nil {
		t.Error(err)
	}
}

// TestPlayed: Debian's asciinema prints what was on the terminal.
func TestPlayed(t *testing.T) {
	player, err := exec.LookPath("asciinema")
	if err != nil {
		t.Fatal("asciinema plays the recordings: install the packages that make test names")
	}
	l := newLab(t, t.TempDir(), 1<<20)
	tape := l.Begin(ada)
	shown := "\x1b[2J\x1b[1;31m빨강 é 🎓\x1b[0m\r\n\x00\x07" + strings.Repeat("long ", 20_000)
	out := tape.Over(io.Discard)
	for i := range len(shown) { // cut wherever it can be
		if _, err := out.Write([]byte{shown[i]}); err != nil {
			t.Fatal(err)
		}
	}
	tape.Resize(40, 15)
	tape.Close()
	l.again()
	l.move(time.Minute)
	tape = l.Begin(ada)
	l.shows(tape, "and on")
	tape.Close()
	l.end()
	cat := exec.CommandContext(t.Context(), player, "cat", l.file())
	cat.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+t.TempDir())
	var played, complaints strings.Builder
	cat.Stdout, cat.Stderr = &played, &complaints
	terminal, err := pty.Start(cat) // which it needs to have, and does not print on
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	if err := cat.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &complaints)
	}
	if want := shown + "and on"; played.String() != want {
		t.Errorf("asciinema plays %d bytes of %d: %.200q", played.Len(), len(want), played.String())
	}
}

// TestGoesOn: a session is one file, however often its learner comes and goes,
// and its time is that of the clock.
func TestGoesOn(t *testing.T) {
	l := newLab(t, t.TempDir(), 1<<20)
	l.shows(l.Begin(ada), "a")
	other := ada
	other.ID = "b0a1b" // ends alike
	l.again()
	l.move(10 * time.Minute)
	smaller := ada
	smaller.Cols, smaller.Rows = 40, 15
	l.shows(l.Begin(smaller), "b")
	l.again()
	l.move(-time.Hour) // the clock is set back
	l.shows(l.Begin(ada), "c")
	l.end()
	text := l.text()
	_, events, _ := strings.Cut(text, "\n")
	const want = `[0.000000, "r", "80x24"]
[1.000000, "o", "a"]
[601.000000, "m", "The learner has come back."]
[601.000000, "r", "40x15"]
[602.000000, "o", "b"]
[602.000000, "m", "The learner has come back."]
[602.000000, "r", "80x24"]
[603.000000, "o", "c"]
`
	if events != want {
		t.Errorf("recorded:\n%s", events)
	}
	l.start(l.Dir, l.MaxSize)
	l.shows(l.Begin(other), "x")
	l.end()
	if names, err := l.files(); err != nil || len(names) != 2 {
		t.Errorf("two sessions are %v, %v", names, err)
	}
}

// TestTheNewestTerminalIsRecorded: after a takeover the older one is not.
func TestTheNewestTerminalIsRecorded(t *testing.T) {
	l := newLab(t, t.TempDir(), 1<<20)
	older := l.Begin(ada)
	l.shows(older, "a")
	newer := l.Begin(ada)
	l.shows(older, "late")
	older.Resize(1, 1)
	older.Close()
	l.shows(newer, "b")
	l.end()
	if text := l.text(); printedBy(t, text) != "ab" || strings.Contains(text, "1x1") {
		t.Errorf("recorded: %s", text)
	}
}

// TestComingBackAtOnce: while the file is still being closed.
func TestComingBackAtOnce(t *testing.T) {
	l := newLab(t, t.TempDir(), 1<<20)
	const visits = 300
	for range visits {
		tape := l.Begin(ada)
		l.shows(tape, "x")
		tape.Close()
	}
	l.end()
	if got := printedBy(t, l.text()); got != strings.Repeat("x", visits) {
		t.Errorf("of %d visits %d are recorded", visits, len(got))
	}
	if log := l.log.String(); log != "" {
		t.Errorf("the log says %s", log)
	}
	if len(l.reels) > 0 {
		t.Errorf("%d reels are left", len(l.reels))
	}
}

func TestACrashIsMended(t *testing.T) {
	for name, torn := range map[string]string{
		"cut":            `[3.000000, "o", "hal`,
		"a byte":         "[",
		"a block of NUL": strings.Repeat("\x00", 4096),
		"NUL and a line": strings.Repeat("\x00", 4096) + "\n",
		"no event":       "[1]\n{}\n[\"x\",\"o\",\"y\"]\n[1,2,3]\n[-1,\"o\",\"\"]\n",
	} {
		l := newLab(t, t.TempDir(), 1<<20)
		l.shows(l.Begin(ada), "a", "b")
		l.end()
		file, err := os.OpenFile(l.file(), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(torn); err != nil {
			t.Fatal(err)
		}
		_ = file.Close()
		l.start(l.Dir, l.MaxSize)
		l.shows(l.Begin(ada), "c")
		l.end()
		if got := printedBy(t, l.text()); got != "abc" {
			t.Errorf("%s: recorded %q", name, got)
		}
	}
}

// TestWhatIsNoRecordingStays: another file is begun beside it.
func TestWhatIsNoRecordingStays(t *testing.T) {
	l := newLab(t, t.TempDir(), 1<<20)
	path := filepath.Join(l.Dir, "20200101T000000Z-ada-0a1b.cast")
	const foreign = "something else\n"
	if err := os.WriteFile(path, []byte(foreign), 0o600); err != nil {
		t.Fatal(err)
	}
	// Now in the eyes of the recorder, so that it is not too old either.
	if err := os.Chtimes(path, noon, noon); err != nil {
		t.Fatal(err)
	}
	l.shows(l.Begin(ada), "a")
	l.end()
	if text, err := os.ReadFile(path); err != nil || string(text) != foreign {
		t.Errorf("it is %q now, %v", text, err)
	}
	if names, err := l.files(); err != nil || len(names) != 2 {
		t.Errorf("the recordings are %v, %v", names, err)
	}
}

// TestTwoGateways on one folder: neither spoils the other's file.
func TestTwoGateways(t *testing.T) {
	one := newLab(t, t.TempDir(), 1<<20)
	older := one.Begin(ada)
	one.shows(older, "a")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if names, _ := one.files(); len(names) == 1 {
			if text := one.text(); strings.Contains(text, `"a"`) {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is written")
		}
	}
	two := newLab(t, one.Dir, 1<<20)
	two.move(time.Minute)
	two.shows(two.Begin(ada), "b")
	two.end()
	one.shows(older, "c")
	one.end()
	names, err := one.files()
	if err != nil || len(names) != 2 {
		t.Fatalf("the recordings are %v, %v", names, err)
	}
	for i, want := range []string{"ac", "b"} {
		text, err := os.ReadFile(filepath.Join(one.Dir, names[i]))
		if got := printedBy(t, string(text)); err != nil || got != want {
			t.Errorf("%s has %q, %v", names[i], got, err)
		}
	}
}

func TestLargestSize(t *testing.T) {
	const most = 64 << 10
	l := newLab(t, t.TempDir(), most)
	tape := l.Begin(ada)
	for range 200 {
		l.shows(tape, strings.Repeat("\x1b", 500))
	}
	l.again()
	l.shows(l.Begin(ada), "not any more")
	l.end()
	text := l.text()
	if len(text) > most || len(text) < most-4000 || !strings.HasSuffix(text, `"m", "`+limit+`"]`+"\n") || strings.Count(text, limit) != 1 {
		t.Errorf("the recording has %d bytes and ends with %q", len(text), text[max(0, len(text)-100):])
	}
	if strings.Contains(text, "not any more") {
		t.Error("it goes on behind its end")
	}
	if n := strings.Count(l.log.String(), "recording.max_size"); n != 2 { // once a process
		t.Errorf("the log says it %d times: %s", n, l.log.String())
	}
}

func TestOldRecordingsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{
		"20261101T000000Z-ada-01.cast": 25 * time.Hour, "20261124T000000Z-bob-02.cast": 23 * time.Hour, "notes.txt": 1000 * time.Hour,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, noon.Add(-age), noon.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	newLab(t, dir, 1<<20).end()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 || entries[0].Name() != "20261124T000000Z-bob-02.cast" || entries[1].Name() != "notes.txt" {
		t.Errorf("there are %v, %v", entries, err)
	}
}

// TestIDsThatAreNoNames: a session's id comes from outside of the gateway.
func TestIDsThatAreNoNames(t *testing.T) {
	l := newLab(t, t.TempDir(), 1<<20)
	for _, id := range []string{"", "../x", "a/b", "a-b", "*", strings.Repeat("x", 65)} {
		s := ada
		s.ID = id
		if tape := l.Begin(s); tape != nil {
			t.Errorf("%q is recorded", id)
		}
	}
	l.end()
	if tape := l.Begin(ada); tape != nil {
		t.Error("something is recorded behind the end")
	}
}

// BenchmarkWrite is how fast output comes to the disk: a sandbox's is some 30 MB/s
// at the most.
func BenchmarkWrite(b *testing.B) {
	r, err := Open(Options{Dir: b.TempDir(), MaxSize: 1 << 40, Keep: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	c, err := r.openCast(ada, noon)
	if err != nil {
		b.Fatal(err)
	}
	defer c.close()
	piece := []byte(strings.Repeat("The quick brown fox\x1b[0m ", 630))
	b.SetBytes(int64(len(piece)))
	for b.Loop() {
		if err := c.write([]event{{at: noon, code: printed, data: piece}}); err != nil {
			b.Fatal(err)
		}
	}
}
