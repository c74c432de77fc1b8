package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"lectern/cmd/lectern/control"
	"lectern/progress"
)

func openStore(t testing.TB, dataDir string) *progress.Store {
	t.Helper()
	store, err := progress.Open(databaseIn(dataDir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func finish(t testing.TB, store *progress.Store, login string, stages int) {
	t.Helper()
	for stage := 1; stage <= stages; stage++ {
		_, err := store.Complete(progress.Record{Login: login, Course: "zfs", Stage: stage, CompletedAt: time.Now(), Evidence: progress.Quiz})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// dataWith is a data folder in which somebody has finished so many stages, and
// no gateway runs.
func dataWith(t testing.TB, stages int) (dataDir string) {
	t.Helper()
	dataDir = filepath.Join(t.TempDir(), "data")
	store := openStore(t, dataDir)
	finish(t, store, "ada", stages)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return dataDir
}

// runControl serves the control socket of a data folder, as a gateway does.
func runControl(t *testing.T, dataDir string) *progress.Store {
	t.Helper()
	store := openStore(t, dataDir)
	server, err := control.Open(dataDir, store, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return store
}

func wantStages(t *testing.T, file string, stages int) {
	t.Helper()
	if report, err := progress.Check(file); err != nil || report.Records != stages || report.Unreadable > 0 {
		t.Errorf("%s is %+v, %v, want %d finished stages", file, report, err, stages)
	}
}

// wantOnly: there is nothing else in a folder.
func wantOnly(t *testing.T, folder string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, entry := range entries {
		there = append(there, entry.Name())
	}
	if strings.Join(there, " ") != strings.Join(names, " ") {
		t.Errorf("%s holds %v, want %v", folder, there, names)
	}
}

func TestBackup(t *testing.T) {
	dataDir, folder := dataWith(t, 3), t.TempDir()
	file := filepath.Join(folder, "backup.db")
	var out, warnings bytes.Buffer
	if err := backup(t.Context(), dataDir, file, false, &out, &warnings); err != nil {
		t.Fatal(err)
	}
	wantStages(t, file, 3)
	if !strings.HasPrefix(out.String(), file+": ") || !strings.HasSuffix(out.String(), " bytes, finished stages: 3, learners: 1\n") || warnings.Len() > 0 {
		t.Errorf("it says %q and warns %q", &out, &warnings)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v", info, err)
	}
	wantOnly(t, folder, "backup.db")
	wantOnly(t, dataDir, "lectern.db")

	store := runControl(t, dataDir)
	finish(t, store, "bob", 2)
	err := backup(t.Context(), dataDir, file, false, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "is there already: name another file, or replace it with --force") {
		t.Errorf("the error is %v", err)
	}
	wantStages(t, file, 3)
	if err := backup(t.Context(), dataDir, file, true, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	wantStages(t, file, 5)
	wantOnly(t, folder, "backup.db")
}

func TestBackupToAPipe(t *testing.T) {
	dataDir := dataWith(t, 3)
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	var messages bytes.Buffer
	made := make(chan error, 1)
	go func() { made <- errors.Join(backupTo(context.Background(), dataDir, to, &messages), to.Close()) }()
	file := filepath.Join(t.TempDir(), "backup.db")
	content, err := io.ReadAll(from)
	if err := errors.Join(err, <-made, os.WriteFile(file, content, 0o600)); err != nil {
		t.Fatal(err)
	}
	wantStages(t, file, 3)
	if !strings.Contains(messages.String(), "finished stages: 3") {
		t.Errorf("it says %q", &messages)
	}
	wantOnly(t, dataDir, "lectern.db")
}

// TestBackupOfTheDatabaseOntoItself: the gateway would go on with a file that
// has no name.
func TestBackupOfTheDatabaseOntoItself(t *testing.T) {
	dataDir := dataWith(t, 3)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(databaseIn(dataDir), link); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{databaseIn(dataDir), link, dataDir + "/../data/lectern.db"} {
		err := backup(t.Context(), dataDir, file, true, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "is the database itself") {
			t.Errorf("%s: the error is %v", file, err)
		}
	}
}

// --force is no way over a folder, so it is not advised.
func TestAFolderIsInTheWay(t *testing.T) {
	dir := t.TempDir()
	for _, force := range []bool{false, true} {
		if err := writeExport(dir, nil, force); err == nil || !strings.Contains(err.Error(), "is a folder: name a file in it") {
			t.Errorf("force %t: %v", force, err)
		}
	}
}

func TestNothingToBackUp(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "backup.db")
	damaged := dataWith(t, 3)
	if err := os.WriteFile(databaseIn(damaged), []byte("This is no database."), 0o600); err != nil {
		t.Fatal(err)
	}
	busy := dataWith(t, 3)
	openStore(t, busy) // and no socket
	for dataDir, want := range map[string]string{
		t.TempDir():                      "there is no database in ",
		filepath.Join(folder, "no", "x"): "there is no database in ",
		damaged:                          "is damaged (it is too short)",
		busy:                             "does not answer on its control socket",
	} {
		err := backup(t.Context(), dataDir, file, false, io.Discard, io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), "no backup was made: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
		if _, _, err := snapshot(t.Context(), dataDir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	wantOnly(t, folder)
	err := backup(t.Context(), dataWith(t, 1), filepath.Join(folder, "none", "backup.db"), false, io.Discard, io.Discard)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into no folder the error is %v", err)
	}
}

// TestBackupOfWhatCannotBeRead: a gateway goes on with such a record, so a
// backup has to be possible, but nobody may take it for a whole one.
func TestBackupOfWhatCannotBeRead(t *testing.T) {
	dataDir := spoiled(t)
	file := filepath.Join(t.TempDir(), "backup.db")
	var warnings bytes.Buffer
	if err := backup(t.Context(), dataDir, file, false, io.Discard, &warnings); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(warnings.String(), `1 records in it cannot be read, as they could not before; an older backup may have them. The first is stage 00000001 of "ada", course "zfs"`) {
		t.Errorf("it warns %q", &warnings)
	}
}

// spoiled is a data folder with three records of which one cannot be read.
func spoiled(t *testing.T) (dataDir string) {
	t.Helper()
	dataDir = dataWith(t, 3)
	db, err := bbolt.Open(databaseIn(dataDir), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("v1")).Bucket([]byte("ada")).Bucket([]byte("zfs")).Put([]byte{0, 0, 0, 1}, []byte("{"))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return dataDir
}

// TestSnapshot is what others look at while the gateway runs.
func TestSnapshot(t *testing.T) {
	dataDir := dataWith(t, 3)
	finish(t, runControl(t, dataDir), "bob", 1)
	file, remove, err := snapshot(t.Context(), dataDir)
	if err != nil {
		t.Fatal(err)
	}
	wantStages(t, file, 4)
	remove()
	wantOnly(t, dataDir, "control.sock", "lectern.db")
}

func TestExport(t *testing.T) {
	dataDir := dataWith(t, 2)
	read := func() (text string) {
		learners, err := learnersOf(t.Context(), dataDir)
		if err != nil {
			t.Error(err)
		}
		for _, l := range learners {
			text += l.Login + strings.Repeat("*", len(l.Records)) + " "
		}
		return text
	}
	if got := read(); got != "ada** " {
		t.Errorf("from the file there is %q", got)
	}
	finish(t, runControl(t, dataDir), "bob", 1)
	if got := read(); got != "ada** bob* " {
		t.Errorf("from the gateway there is %q", got)
	}
	for _, test := range []struct{ login, course, want string }{
		{"", "nope", ": no learner has finished anything in a course with the id nope\n"},
		{"bob", "nope", ": bob has finished nothing in a course with the id nope\n"},
		{"eve", "", ": no learner eve has finished or used anything\n"},
		{"ada", "", ""},
	} {
		var said strings.Builder
		cmd := root()
		cmd.SetOut(io.Discard)
		cmd.SetErr(&said)
		cmd.SetArgs([]string{"progress", "export", "--data_dir", dataDir, "--login", test.login, "--course", test.course})
		if err := cmd.ExecuteContext(t.Context()); err != nil || !strings.HasSuffix(said.String(), test.want) || test.want == "" && said.Len() > 0 {
			t.Errorf("of %q and %q it says %q, %v", test.login, test.course, said.String(), err)
		}
	}
	file := filepath.Join(t.TempDir(), "export.json")
	for _, test := range []struct {
		text  string
		force bool
		want  string // the error
	}{{text: "one"}, {text: "two", want: "is there already"}, {text: "three", force: true}} {
		err := writeExport(file, []byte(test.text), test.force)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v", test.text, err)
		}
	}
	if content, err := os.ReadFile(file); string(content) != "three" || err != nil {
		t.Errorf("the file holds %q, %v", content, err)
	}
}
