package audit

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is one that the test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// noon is that of the first day of the tests.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// trail is one in a folder, with its clock and log.
type trail struct {
	*Trail
	t     *testing.T
	dir   string
	clock *clock
	log   *bytes.Buffer
}

func newTrail(t *testing.T) *trail {
	t.Helper()
	tr := &trail{t: t, dir: filepath.Join(t.TempDir(), "audit"), clock: &clock{now: noon}, log: &bytes.Buffer{}}
	tr.open()
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

// open begins anew, as the next process does.
func (tr *trail) open() {
	tr.t.Helper()
	var err error
	tr.Trail, err = Open(Options{Dir: tr.dir, Keep: 72 * time.Hour, Now: tr.clock.Now, Log: slog.New(slog.NewTextHandler(tr.log, nil))})
	if err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *trail) again() {
	tr.t.Helper()
	if err := tr.Close(); err != nil {
		tr.t.Error(err)
	}
	tr.open()
}

func (tr *trail) record(details ...string) {
	tr.t.Helper()
	for _, detail := range details {
		if err := tr.Record(Event{Kind: Attached, Session: "s", Detail: detail}); err != nil {
			tr.t.Fatal(err)
		}
	}
}

// details are those of all events, with the day of the file before the first of
// each: "2026-11-25: a b".
func (tr *trail) details() string {
	tr.t.Helper()
	var all []string
	file := ""
	err := Read(tr.dir, time.Time{}, func(l Line) error {
		if l.Err != nil {
			tr.t.Errorf("%s:%d: %v", l.File, l.Number, l.Err)
		}
		if l.File != file {
			file = l.File
			all = append(all, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), prefix), suffix)+":")
		}
		all = append(all, l.Event.Detail)
		return nil
	})
	if err != nil {
		tr.t.Error(err)
	}
	return strings.Join(all, " ")
}

func (tr *trail) expect(want string) {
	tr.t.Helper()
	if got := tr.details(); got != want {
		tr.t.Errorf("the trail has %q, want %q", got, want)
	}
}

func TestRecord(t *testing.T) {
	tr := newTrail(t)
	want := Event{Kind: Completed, Login: "ada", Session: "s", Course: "c", Stage: 2, Evidence: "quiz", Detail: "2 of <2>"}
	if err := tr.Record(want); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(tr.dir, "audit-2026-11-25.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const line = `{"time":"2026-11-25T12:00:00Z","kind":"stage-completed","login":"ada","session":"s","course":"c","stage":2,"evidence":"quiz","detail":"2 of <2>"}` + "\n"
	if string(text) != line {
		t.Errorf("the line is %s", text)
	}
	if got, err := readEvent(text); err != nil || !got.Time.Equal(noon) || got.Detail != want.Detail {
		t.Errorf("it reads as %+v, %v", got, err)
	}
	for path, mode := range map[string]os.FileMode{path: 0o600, tr.dir: 0o700 | os.ModeDir} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
	}
}

func TestNoTrail(t *testing.T) {
	var none *Trail
	none.Refuse(Event{})
	if err := none.Record(Event{Kind: Attached}); err != nil {
		t.Error(err)
	}
	if events, err := none.Session("s", 9); len(events) > 0 || err != nil {
		t.Error(events, err)
	}
	if none.Ready() != nil || none.Close() != nil {
		t.Error("it complains")
	}
}

// TestManyAtOnceAreOneWrite: those that come while the disk is busy share the
// next sync.
func TestManyAtOnceAreOneWrite(t *testing.T) {
	tr := newTrail(t)
	const many = 100
	tr.writing.Lock() // the disk is busy
	shared := tr.next
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			if err := tr.Record(Event{Kind: Attached}); err != nil {
				t.Error(err)
			}
		})
	}
	for waiting := 0; waiting < many; {
		tr.mu.Lock()
		waiting = shared.events
		tr.mu.Unlock()
	}
	tr.writing.Unlock()
	all.Wait()
	if n := bytes.Count(shared.lines, []byte("\n")); n != many || !shared.written || tr.next.events != 0 {
		t.Errorf("of %d events %d were written at once, %d wait", many, n, tr.next.events)
	}
	n := 0
	if err := Read(tr.dir, time.Time{}, func(l Line) error { n++; return l.Err }); err != nil || n != many {
		t.Errorf("%d lines are there, %v", n, err)
	}
}

func BenchmarkRecord(b *testing.B) {
	tr, err := Open(Options{Dir: b.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = tr.Close() }()
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := tr.Record(Event{Kind: Attached, Login: "ada", Session: "0123456789abcdef"}); err != nil {
				b.Error(err)
			}
		}
	})
}

func TestNoTextIsTooLong(t *testing.T) {
	tr := newTrail(t)
	long := strings.Repeat("가\x1b", 10_000)
	e := Event{
		Kind: Kind(long), ID: long, Login: long, By: long, Key: long, Remote: long, Session: long, Course: long,
		Ending: long, Reason: long, Evidence: long, Detail: long,
	}
	if err := tr.Record(e); err != nil {
		t.Fatal(err)
	}
	if tr.size > maxLine/2 {
		t.Errorf("the line has %d bytes", tr.size)
	}
	if err := Read(tr.dir, time.Time{}, func(l Line) error {
		if strings.ContainsRune(l.Event.Login, 0x1b) {
			t.Errorf("a terminal could act upon %q", l.Event.Login)
		}
		return l.Err
	}); err != nil {
		t.Error(err)
	}
}

func TestAnotherProcess(t *testing.T) {
	tr := newTrail(t)
	_, err := Open(Options{Dir: tr.dir, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "audit.dir") {
		t.Errorf("a second one is opened: %v", err)
	}
	tr.again()
}

func TestAFolderThatIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: path, Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("it is opened")
	}
}

func TestClosedRecordsNothing(t *testing.T) {
	tr := newTrail(t)
	tr.record("a")
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	if err := tr.Record(Event{Kind: Attached}); err == nil {
		t.Error("something is recorded behind the end")
	}
	tr.Refuse(Event{})
	tr.expect("2026-11-25: a")
}

// TestDocumented: operators find every kind and every field in docs/audit.md.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range Kinds() {
		if strings.Count(string(page), "\n| `"+string(kind)+"` |") != 1 {
			t.Errorf("docs/audit.md needs one row for %s", kind)
		}
	}
	full := Event{
		Time: noon, Kind: Gap, ID: "x", Login: "x", By: "x", Key: "x", Remote: "x", Session: "x", Course: "x", Stage: 1,
		Ending: "x", Reason: "x", Evidence: "x", Count: 1, Since: noon, Detail: "x",
	}
	var fields map[string]any
	if err := json.Unmarshal(full.line(), &fields); err != nil {
		t.Fatal(err)
	}
	if len(fields) != 16 {
		t.Errorf("this test knows 16 fields, and there are %d", len(fields))
	}
	for field := range fields {
		if !strings.Contains(string(page), "\n| `"+field+"` |") {
			t.Errorf("docs/audit.md needs a row for the field %s", field)
		}
	}
}
