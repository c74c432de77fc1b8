package progress

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"lectern/internal/boltfile"
)

// storeFile is a file with records and counts, closed.
func storeFile(t testing.TB, change func(tx *bbolt.Tx) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lectern.db")
	s, err := Open(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.at(noon)
	for stage := 1; stage < 40; stage++ {
		complete(t, s, record("alice", "zfs", stage))
	}
	complete(t, s, record("bob", "attention", 1))
	used(t, s, use("1", "alice", noon, 1), use("2", "carol", noon, 1))
	if change != nil {
		if err := s.file.Update(change); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheck(t *testing.T) {
	path := storeFile(t, nil)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Check(path)
	if want := (Report{Size: int64(len(before)), Format: 1, Learners: 3, Records: 40}); err != nil || report != want {
		t.Errorf("the file is %+v, %v, want %+v", report, err, want)
	}
	if after, err := os.ReadFile(path); !bytes.Equal(before, after) || err != nil {
		t.Errorf("the check has changed the file, %v", err)
	}
}

func TestCheckFindsWhatCannotBeRead(t *testing.T) {
	in := func(path ...string) func(*bbolt.Tx) *bbolt.Bucket {
		return func(tx *bbolt.Tx) *bbolt.Bucket {
			bucket := tx.Bucket([]byte(path[0]))
			for _, name := range path[1:] {
				bucket = bucket.Bucket([]byte(name))
			}
			return bucket
		}
	}
	alice := in("v1", "alice", "zfs")
	for name, test := range map[string]struct {
		in         func(*bbolt.Tx) *bbolt.Bucket
		key, value string
		want       string
	}{
		"no JSON":           {alice, "\x00\x00\x00\x01", "{", "stage 00000001"},
		"nothing":           {alice, "\x00\x00\x00\x01", "", "stage 00000001"},
		"no stage":          {alice, "one", "{}", "no stage's number"},
		"no time":           {alice, "\x00\x00\x00\x01", `{"evidence":"quiz"}`, "time of completion"},
		"stage 0":           {alice, "\x00\x00\x00\x00", `{"completed_at":"2026-01-01T00:00:00Z","evidence":"quiz"}`, "stage 0"},
		"unknown evidence":  {alice, "\x00\x00\x00\x01", `{"completed_at":"2026-01-01T00:00:00Z","evidence":"rumour"}`, "rumour"},
		"no learner":        {in("v1"), "zoe", "{}", `"zoe" is no learner`},
		"no course":         {in("v1", "alice"), "zoe", "{}", `"zoe" of "alice" is no course`},
		"no count":          {in("usage-v1", "learners", "alice"), "total", "{", `"total"`},
		"count below 0":     {in("usage-v1", "learners", "alice"), "total", `{"output":-1}`, "below 0"},
		"no day":            {in("usage-v1", "learners", "alice"), "2026-13-01", "{}", "no day"},
		"no learner's used": {in("usage-v1", "learners"), "zoe", "{}", `the tokens of "zoe"`},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := Check(storeFile(t, func(tx *bbolt.Tx) error { return test.in(tx).Put([]byte(test.key), []byte(test.value)) }))
			if err != nil || report.Unreadable != 1 || report.Fault == nil || !strings.Contains(report.Fault.Error(), test.want) {
				t.Errorf("the file is %+v, %v; want a fault about %q", report, err, test.want)
			}
		})
	}
	// A terminal must not be told by a file what to do.
	report, err := Check(storeFile(t, func(tx *bbolt.Tx) error {
		course, err := makePath(tx, "v1", "\x1b[2Jeve", "zfs")
		if err != nil {
			return err
		}
		return course.Put(stageKey(1), []byte(`{"completed_at":"2026-01-01T00:00:00Z","evidence":"quiz"}`))
	}))
	if err != nil || report.Unreadable != 1 || strings.Contains(report.Fault.Error(), "\x1b") {
		t.Errorf("the file is %+v, %v", report, err)
	}
}

func TestCheckRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	full := open(t)
	complete(t, full, record("alice", "zfs", 1))
	var sound bytes.Buffer // which has no page to spare at its end
	if _, err := full.Snapshot(t.Context(), &sound); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "keys.db")
	f, err := boltfile.Open(foreign, boltfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Format("keys", 1), f.Close()); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		path string
		is   error
		want string
	}{
		"none":    {filepath.Join(dir, "none"), fs.ErrNotExist, "no such file"},
		"empty":   {write("empty", ""), boltfile.ErrDamaged, "is damaged"},
		"text":    {write("text", strings.Repeat("This is no database. ", 1000)), boltfile.ErrDamaged, "does not begin like a bbolt file"},
		"cut":     {write("cut", sound.String()[:sound.Len()-1]), boltfile.ErrDamaged, "is cut off"},
		"half":    {write("half", sound.String()[:sound.Len()/2]), boltfile.ErrDamaged, "is cut off"},
		"folder":  {dir, nil, "not a regular file"},
		"foreign": {foreign, nil, "not one of progress"},
		"newer": {storeFile(t, func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("format")).Put([]byte("progress"), []byte("2"))
		}), nil, "use the newer Lectern"},
	} {
		_, err := Check(test.path)
		if err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v, want %q", name, err, test.want)
		}
	}
	path := storeFile(t, nil)
	s, err := Open(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := Check(path); !errors.Is(err, boltfile.ErrInUse) {
		t.Errorf("of a file in use the error is %v", err)
	}
}

// FuzzCheck spoils a sound file. Nothing in it may take the program down, and
// what is found good can be used.
func FuzzCheck(f *testing.F) {
	sound, err := os.ReadFile(storeFile(f, nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte{}, uint32(len(sound)))
	for at := 0; at < len(sound); at += os.Getpagesize() {
		f.Add(uint32(at), []byte{0xff, 0xff, 0xff}, uint32(len(sound)))
		f.Add(uint32(at+16), []byte{1, 0, 0, 0, 9}, uint32(len(sound)))
		f.Add(uint32(at+40), []byte("{}"), uint32(at+100))
	}
	if at := bytes.Index(sound, []byte(`"evidence"`)); at > 0 {
		f.Add(uint32(at), []byte("}"), uint32(len(sound)))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, length uint32) {
		content := bytes.Clone(sound)
		copy(content[int(at)%len(content):], patch)
		path := filepath.Join(dir, "fuzz.db")
		if err := os.WriteFile(path, content[:min(int(length), len(content))], 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := Check(path)
		if err != nil {
			return
		}
		s, err := OpenReadOnly(path, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatalf("what the check finds good cannot be opened: %v", err)
		}
		defer s.Close()
		records := 0
		if err := s.Learners(func(l Learner) error { records += len(l.Records); return nil }); err != nil {
			t.Errorf("what the check finds good cannot be read: %v", err)
		}
		if report.Unreadable == 0 && records != report.Records {
			t.Errorf("there are %d records, and the check found %d", records, report.Records)
		}
	})
}

// Nobody may ever write to a pipe, and Ctrl-C ends no open that waits for them.
func TestCheckOfAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	checked := make(chan error, 1)
	go func() {
		_, err := Check(path)
		checked <- err
	}()
	var err error
	select {
	case err = <-checked:
	case <-time.After(5 * time.Second):
		t.Error("it waits for a writer")
		writer, failed := os.OpenFile(path, os.O_WRONLY, 0)
		if failed != nil {
			t.Fatal(failed)
		}
		_ = writer.Close()
		err = <-checked
	}
	if err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("it says %v", err)
	}
}
