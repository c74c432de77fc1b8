package tarball

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var roomy = Limits{Unpacked: 1 << 20, Entries: 100}

func unpackInto(t *testing.T, stream []byte, limits Limits) (string, error) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	_, err = Unpack(t.Context(), root, bytes.NewReader(stream), limits)
	return dir, err
}

func TestPackAndUnpack(t *testing.T) {
	from := t.TempDir()
	for name, text := range map[string]string{
		"CLAUDE.md": "# A course", "knowledge/courses.json": "[]", "empty": "", ".git/config": "secret",
	} {
		path := filepath.Join(from, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(from, "link")); err != nil {
		t.Fatal(err)
	}
	var stream bytes.Buffer
	if err := Pack(&stream, from); err != nil {
		t.Fatal(err)
	}
	dir, err := unpackInto(t, stream.Bytes(), roomy)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"CLAUDE.md": "# A course", "knowledge/courses.json": "[]", "empty": ""} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"link", ".git"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s went along: %v", name, err)
		}
	}
	if _, err := unpackInto(t, stream.Bytes(), Limits{Unpacked: 5, Entries: 100}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a course over the limit: %v, want ErrUnsafe", err)
	}
	if _, err := unpackInto(t, stream.Bytes(), Limits{Unpacked: 1 << 20, Entries: 2}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a course of too many files: %v, want ErrUnsafe", err)
	}
	if _, err := unpackInto(t, stream.Bytes()[:515], roomy); err == nil {
		t.Error("half a file was taken for a whole one")
	}
}

// TestImpliedFoldersCount: an archive of few files can name many folders.
func TestImpliedFoldersCount(t *testing.T) {
	var stream bytes.Buffer
	out := tar.NewWriter(&stream)
	for i := range 20 {
		name := fmt.Sprint(i, "/") + strings.Repeat("a/", 9) + "file"
		if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := unpackInto(t, stream.Bytes(), Limits{Unpacked: 1 << 20, Entries: 220}); err != nil {
		t.Errorf("20 files in 200 folders: %v", err)
	}
	dir, err := unpackInto(t, stream.Bytes(), Limits{Unpacked: 1 << 20, Entries: 100})
	if !errors.Is(err, ErrUnsafe) {
		t.Errorf("20 files in 200 folders, where 100 are allowed: %v, want ErrUnsafe", err)
	}
	made := -1 // the tree itself
	if err := filepath.WalkDir(dir, func(string, fs.DirEntry, error) error { made++; return nil }); err != nil || made > 100 {
		t.Errorf("%d files and folders were made, %v", made, err)
	}
}

// TestFoldersCountOnce, whether they are named or only implied.
func TestFoldersCountOnce(t *testing.T) {
	var stream bytes.Buffer
	out := tar.NewWriter(&stream)
	for _, header := range []tar.Header{
		{Typeflag: tar.TypeReg, Name: "a/b/one"}, {Typeflag: tar.TypeDir, Name: "a/"}, {Typeflag: tar.TypeDir, Name: "a/b/"},
		{Typeflag: tar.TypeDir, Name: "./"}, {Typeflag: tar.TypeReg, Name: "a/b/two"},
	} {
		if err := out.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := unpackInto(t, stream.Bytes(), Limits{Unpacked: 1 << 20, Entries: 4}); err != nil {
		t.Error(err)
	}
}

func TestPackNamesAMissingFolder(t *testing.T) {
	if err := Pack(&bytes.Buffer{}, filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v, want os.ErrNotExist", err)
	}
}
