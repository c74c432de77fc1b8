package boltfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestSound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	if _, err := Sound(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("it has made the file")
	}
	content := filled(t)
	if err := os.WriteFile(path, content, 0o400); err != nil {
		t.Fatal(err)
	}
	if size, err := Sound(path); err != nil || size != int64(len(content)) {
		t.Errorf("%d of %d bytes: %v", size, len(content), err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f := mustOpen(t, path)
	if _, err := Sound(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a file in use: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	// Each page that is spoilt is told, or is one that nobody needs.
	pages, told := len(content)/os.Getpagesize(), 0
	for page := range pages {
		spoilt := append([]byte(nil), content...)
		for i := range 64 {
			spoilt[page*os.Getpagesize()+i] = 0xff
		}
		if err := os.WriteFile(path, spoilt, 0o600); err != nil {
			t.Fatal(err)
		}
		switch _, err := Sound(path); {
		case errors.Is(err, ErrDamaged):
			told++
		case err != nil:
			t.Errorf("page %d: %v", page, err)
		}
	}
	if told < pages/4 {
		t.Errorf("of %d spoilt pages %d are told", pages, told)
	}
}
