package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

func TestCreate(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	err := Create(path, func(temporary string) error {
		if _, err := os.Lstat(path); err == nil {
			t.Error("the file is there before it is whole")
		}
		return os.WriteFile(temporary, []byte("whole"), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "whole" {
		t.Errorf("file holds %q, %v", content, err)
	}
	expectOnly(t, folder, "file")
}

func TestCreateKeepsWhatIsThere(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Create(path, func(temporary string) error { return os.WriteFile(temporary, []byte("new"), 0o600) })
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("error is %v", err)
	}
	if content, _ := os.ReadFile(path); string(content) != "old" {
		t.Errorf("file now holds %q", content)
	}
	expectOnly(t, folder, "file")
}

func TestCreateFailureLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	broken := errors.New("disk is full")
	err := Create(filepath.Join(folder, "file"), func(temporary string) error {
		if err := os.WriteFile(temporary, []byte("half"), 0o600); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	expectOnly(t, folder)
}

func TestReplace(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	write := func(content string) func(string) error {
		return func(temporary string) error { return os.WriteFile(temporary, []byte(content), 0o600) }
	}
	for _, content := range []string{"old", "new"} {
		if err := Replace(path, write(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); string(got) != content {
			t.Errorf("file holds %q, %v", got, err)
		}
	}
	broken := errors.New("disk is full")
	err := Replace(path, func(temporary string) error { return errors.Join(write("half")(temporary), broken) })
	if !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	if got, err := os.ReadFile(path); string(got) != "new" {
		t.Errorf("after a failure the file holds %q, %v", got, err)
	}
	expectOnly(t, folder, "file")
}

func TestCreateHasOneWinner(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	won := make([]bool, 8)
	var group sync.WaitGroup
	for i := range won {
		group.Go(func() {
			err := Create(path, func(temporary string) error {
				return os.WriteFile(temporary, []byte(strconv.Itoa(i)), 0o600)
			})
			if err != nil && !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
			won[i] = err == nil
		})
	}
	group.Wait()
	winners := 0
	for i, ok := range won {
		if !ok {
			continue
		}
		winners++
		if content, _ := os.ReadFile(path); string(content) != strconv.Itoa(i) {
			t.Errorf("%d was told that its file is in place, but the file holds %q", i, content)
		}
	}
	if winners != 1 {
		t.Errorf("%d winners", winners)
	}
}

func expectOnly(t *testing.T, folder string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(names) {
		t.Fatalf("folder holds %v", entries)
	}
	for i, entry := range entries {
		if entry.Name() != names[i] {
			t.Errorf("folder holds %v", entries)
		}
	}
}
