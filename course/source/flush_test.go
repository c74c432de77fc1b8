package source

import (
	"bytes"
	"os"
	"path"
	"slices"
	"testing"
)

// TestCopyIsOnDiskBeforeItCounts: files and folders of a copy are written out
// before it gets its name, and its name before it counts.
func TestCopyIsOnDiskBeforeItCounts(t *testing.T) {
	s, err := openShelf(t.TempDir(), "a source")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	archive := pack(t, entry{name: "top/lesson/one.md", body: "one"}, entry{name: "top/two.md", body: "two"})
	received, err := s.receive(bytes.NewReader(archive), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer received.discard()

	var flushed []string // before the copy has its name
	s.sync = func(file *os.File) error {
		if _, err := s.root.Stat(received.digest); err != nil {
			flushed = append(flushed, path.Base(file.Name()))
		}
		return syncFile(file)
	}
	copied, err := s.store(t.Context(), received, "lessons", DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one.md", "lesson", "two.md", "lessons"} {
		if !slices.Contains(flushed, name) {
			t.Errorf("%s was not written out before the copy got its name, only %q", name, flushed)
		}
	}

	named, counting := false, 0
	s.sync = func(file *os.File) error {
		if _, counts := s.recall(); counts {
			counting++
		} else {
			named = true
		}
		return syncFile(file)
	}
	if err := s.remember(copied); err != nil {
		t.Fatal(err)
	}
	if !named || counting != 1 {
		t.Errorf("the record was written out before it counts: %v, and its name after it %d times", named, counting)
	}

	s.sync = func(*os.File) error { return os.ErrPermission }
	if err := s.remember(copied); err == nil {
		t.Error("a disk that takes nothing goes unnoticed")
	}
}
