package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lectern/progress"
)

// backupWith is a backup in which somebody has finished so many stages.
func backupWith(t testing.TB, stages int) (file string) {
	t.Helper()
	return databaseIn(dataWith(t, stages))
}

func keptIn(t *testing.T, dataDir string) []string {
	t.Helper()
	kept, err := filepath.Glob(databaseIn(dataDir) + ".before-restore-*")
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestRestore(t *testing.T) {
	dataDir := dataWith(t, 3)
	for _, stages := range []int{5, 7} { // both in one second
		var out bytes.Buffer
		if err := restore(t.Context(), dataDir, backupWith(t, stages), nil, false, &out); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), fmt.Sprintf("finished stages: %d, learners: 1); the one before is kept as %s.before-restore-", stages, databaseIn(dataDir))) {
			t.Errorf("it says %q", &out)
		}
		wantStages(t, databaseIn(dataDir), stages)
	}
	kept := keptIn(t, dataDir)
	if len(kept) != 2 {
		t.Fatalf("there are %v, want both that were there before", kept)
	}
	wantStages(t, kept[0], 3)
	wantStages(t, kept[1], 5)
	finish(t, openStore(t, dataDir), "bob", 1) // and a gateway can use it
}

func TestRestoreIntoNothing(t *testing.T) {
	dataDir := filepath.Join(t.TempDir(), "new", "data")
	if err := restore(t.Context(), dataDir, "none.db", nil, false, io.Discard); err == nil || !strings.Contains(err.Error(), "there is no file none.db") {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(dataDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("for no backup there is a folder: %v", err)
	}
	var out bytes.Buffer
	if err := restore(t.Context(), dataDir, backupWith(t, 3), nil, false, &out); err != nil {
		t.Fatal(err)
	}
	wantStages(t, databaseIn(dataDir), 3)
	wantOnly(t, dataDir, "lectern.db")
	if !strings.Contains(out.String(), "there was none before") {
		t.Errorf("it says %q", &out)
	}
}

func TestRestoreFromAPipe(t *testing.T) {
	dataDir := dataWith(t, 3)
	content, err := os.ReadFile(backupWith(t, 5))
	if err != nil {
		t.Fatal(err)
	}
	send := func(ctx context.Context, content []byte, hangUp bool) error {
		from, to, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = to.Close() }()
		sent := make(chan error, 1)
		go func() {
			_, err := to.Write(content)
			if hangUp {
				err = errors.Join(err, to.Close())
			}
			sent <- err
		}()
		err = restore(ctx, dataDir, "-", from, false, io.Discard)
		return errors.Join(err, <-sent)
	}
	// Broken off on its way.
	if err := send(t.Context(), content[:len(content)/4], true); err == nil || !strings.Contains(err.Error(), "standard input is no sound backup (it is cut off") {
		t.Errorf("the error is %v", err)
	}
	// Never sent to its end, until somebody has enough of it.
	ctx, enough := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer enough()
	if err := send(ctx, content, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	wantStages(t, databaseIn(dataDir), 3)
	wantOnly(t, dataDir, "lectern.db")
	if err := send(t.Context(), content, true); err != nil {
		t.Fatal(err)
	}
	wantStages(t, databaseIn(dataDir), 5)
}

// TestRestoreRefused changes nothing.
func TestRestoreRefused(t *testing.T) {
	dataDir := dataWith(t, 3)
	write := func(content string) string {
		file := filepath.Join(t.TempDir(), "backup.db")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	sound, err := os.ReadFile(backupWith(t, 200))
	if err != nil {
		t.Fatal(err)
	}
	hole := bytes.Clone(sound)
	clear(hole[3*os.Getpagesize():])
	busy := dataWith(t, 1)
	openStore(t, busy)
	unreadable := databaseIn(spoiled(t))
	for file, want := range map[string]string{
		write("This is no database."):                     "is no sound backup (it is too short): take another one",
		write(strings.Repeat("This is no database.", 99)): "is no sound backup (it does not begin like a bbolt file): take another one",
		write(string(sound[:len(sound)/4])):               "is no sound backup (it is cut off: ",
		write(string(hole)):                               "is no sound backup (",
		t.TempDir():                                       "is a directory",
		databaseIn(busy):                                  "is the database of a gateway that runs",
		databaseIn(dataDir):                               "is the database itself",
		unreadable:                                        "cannot be read (stage 00000001",
	} {
		err := restore(t.Context(), dataDir, file, nil, false, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), ".new/") {
			t.Errorf("the error is %v, want %q", err, want)
		}
		if file != databaseIn(dataDir) {
			if err := checkBackup(file, io.Discard); err == nil || !strings.Contains(err.Error(), want) && want != "is a directory" {
				t.Errorf("the check says %v, want %q", err, want)
			}
		}
	}
	wantStages(t, databaseIn(dataDir), 3)
	wantOnly(t, dataDir, "lectern.db")

	if err := restore(t.Context(), dataDir, unreadable, nil, true, io.Discard); err != nil {
		t.Errorf("by force the error is %v", err)
	}
	finish(t, openStore(t, dataDir), "bob", 1)
	err = restore(t.Context(), dataDir, backupWith(t, 5), nil, false, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "a gateway runs on "+dataDir+": stop it first") {
		t.Errorf("beside a gateway the error is %v", err)
	}
}

// TestRestoreThroughALink: the file that the gateway opens is the one that
// changes.
func TestRestoreThroughALink(t *testing.T) {
	elsewhere, dataDir := dataWith(t, 3), t.TempDir()
	if err := os.Symlink(databaseIn(elsewhere), databaseIn(dataDir)); err != nil {
		t.Fatal(err)
	}
	if err := restore(t.Context(), dataDir, backupWith(t, 5), nil, false, io.Discard); err != nil {
		t.Fatal(err)
	}
	wantStages(t, databaseIn(elsewhere), 5)
	if len(keptIn(t, elsewhere)) != 1 {
		t.Error("the one before is not beside it")
	}
	if target, err := os.Readlink(databaseIn(dataDir)); target != databaseIn(elsewhere) || err != nil {
		t.Errorf("the link leads to %q, %v", target, err)
	}
}

func TestCheckBackup(t *testing.T) {
	var out bytes.Buffer
	file := backupWith(t, 3)
	if err := checkBackup(file, &out); err != nil || !strings.HasSuffix(out.String(), "finished stages: 3, learners: 1\n") {
		t.Errorf("it says %q, %v", &out, err)
	}
	if err := checkBackup("-", &out); err == nil {
		t.Error("it reads standard input")
	}
}

// asKeeper makes this test's own program one that makes backups and restores
// them in a folder until it is killed.
const asKeeper = "LECTERN_TEST_KEEPER"

func keep(dir string) error {
	dataDir := filepath.Join(dir, "data")
	_, _ = os.Stdout.WriteString("begun\n")
	for i := 0; ; i++ {
		from := filepath.Join(dir, fmt.Sprintf("%d.db", i%2))
		if err := restore(context.Background(), dataDir, from, nil, false, io.Discard); err != nil {
			return err
		}
		if err := backup(context.Background(), dataDir, filepath.Join(dir, "backup.db"), true, io.Discard, io.Discard); err != nil {
			return err
		}
	}
}

// killKeeper has a child begin, and kills it some time after.
func killKeeper(t *testing.T, self, dir string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), asKeeper+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	said.Scan()
	kill := time.AfterFunc(rand.N(100*time.Millisecond), func() { _ = child.Process.Kill() })
	defer kill.Stop()
	for said.Scan() {
		t.Errorf("the child says: %s", said.Text())
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child ended by itself with %v", err)
	}
}

// TestKilledKeeper: whenever it is killed, the database and the backup are
// whole, the old one or the new one, and so is everything that was kept.
func TestKilledKeeper(t *testing.T) {
	dir := t.TempDir()
	for name, from := range map[string]string{
		"0.db": backupWith(t, 3), "1.db": backupWith(t, 5), "backup.db": backupWith(t, 3), "data/lectern.db": backupWith(t, 3),
	} {
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Join(dir, "data"), 0o700)
		}
		if err := errors.Join(err, os.WriteFile(filepath.Join(dir, name), content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	restored := 0
	for range 20 {
		killKeeper(t, self, dir)
		files := append(keptIn(t, filepath.Join(dir, "data")), filepath.Join(dir, "data", "lectern.db"), filepath.Join(dir, "backup.db"))
		for _, file := range files {
			report, err := progress.Check(file)
			if err != nil || report.Records != 3 && report.Records != 5 {
				t.Errorf("%s is %+v, %v", file, report, err)
			}
		}
		restored += len(files) - 2
		for _, file := range files[:len(files)-2] {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	if restored == 0 {
		t.Error("the children were killed before they did anything")
	}
}
