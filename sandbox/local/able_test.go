package local

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestCanJail(t *testing.T) {
	if err := CanJail(t.Context(), lectern, t.TempDir()); err != nil {
		t.Error(err)
	}
	if err := CanJail(t.Context(), lectern, "/usr/share/lectern"); err == nil || !strings.Contains(err.Error(), "every sandbox can read") {
		t.Errorf("a folder that jails see: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := CanJail(t.Context(), lectern, t.TempDir()); err == nil || !strings.Contains(err.Error(), "install the package bubblewrap") {
		t.Errorf("without bubblewrap: %v", err)
	}
}

func TestCanLimit(t *testing.T) {
	dir := t.TempDir()
	err := CanLimit(dir, 64<<20, 16)
	if os.Geteuid() == 0 && err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
	for _, group := range layOut(dir, 64<<20, 16).groups {
		if _, err := os.Stat(group.base); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", group.base, err)
		}
	}
}
