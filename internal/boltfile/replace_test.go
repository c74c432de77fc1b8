package boltfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// made is a database whose one value is the text.
func made(t *testing.T, path, text string) {
	t.Helper()
	f := mustOpen(t, path)
	if err := errors.Join(put(f, "key", []byte(text)), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func wantMade(t *testing.T, path, text string) {
	t.Helper()
	f, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if value, err := get(f, "key"); string(value) != text || err != nil {
		t.Errorf("%s holds %q, %v, want %q", path, value, err, text)
	}
}

func copyOf(from string) func(string) error {
	return func(temporary string) error {
		content, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return os.WriteFile(temporary, content, 0o600)
	}
}

func hold(t *testing.T, path string) *Held {
	t.Helper()
	held, err := Hold(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(held.Release)
	return held
}

func TestReplace(t *testing.T) {
	folder := t.TempDir()
	path, fresh, kept := filepath.Join(folder, "test.db"), filepath.Join(folder, "fresh.db"), filepath.Join(folder, "kept.db")
	made(t, path, "old")
	made(t, fresh, "new")
	held := hold(t, path)
	if !held.Exists() {
		t.Error("the file is not there")
	}
	for _, options := range []Options{{LockTimeout: time.Millisecond}, {LockTimeout: time.Millisecond, ReadOnly: true}} {
		if _, err := Open(path, options); !errors.Is(err, ErrInUse) {
			t.Errorf("a held file was opened: %v", err)
		}
	}
	// Whoever waits meanwhile comes to the new one.
	waited := make(chan error, 1)
	go func() {
		f, err := Open(path, Options{LockTimeout: 20 * time.Second})
		if err == nil {
			err = errors.Join(put(f, "more", nil), f.Close())
		}
		waited <- err
	}()
	if err := held.Replace(kept, copyOf(fresh)); err != nil {
		t.Fatal(err)
	}
	held.Release()
	if err := <-waited; err != nil {
		t.Error(err)
	}
	wantMade(t, path, "new")
	wantMade(t, kept, "old")
	for name, want := range map[string]bool{path: true, kept: false} {
		f := mustOpen(t, name)
		if value, err := get(f, "more"); (value != nil) != want || err != nil {
			t.Errorf("%s has what came later: %v, %v", name, value != nil, err)
		}
		f.Close()
	}
}

func TestReplaceNothing(t *testing.T) {
	folder := t.TempDir()
	path, fresh, kept := filepath.Join(folder, "test.db"), filepath.Join(folder, "fresh.db"), filepath.Join(folder, "kept.db")
	made(t, fresh, "new")
	held := hold(t, path)
	if held.Exists() {
		t.Error("there is a file")
	}
	if err := held.Replace(kept, copyOf(fresh)); err != nil {
		t.Fatal(err)
	}
	wantMade(t, path, "new")
	if _, err := os.Lstat(kept); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing was kept: %v", err)
	}
	// By now another has made one.
	if err := held.Replace(kept, copyOf(fresh)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the other's file was replaced: %v", err)
	}
}

// TestReplaceFails: the old one stays, and nothing beside it.
func TestReplaceFails(t *testing.T) {
	folder := t.TempDir()
	path, kept := filepath.Join(folder, "test.db"), filepath.Join(folder, "kept.db")
	made(t, path, "old")
	held := hold(t, path)
	broken := errors.New("broken")
	if err := held.Replace(kept, func(string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if entries, err := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	if err := os.WriteFile(kept, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := held.Replace(kept, copyOf(path)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("what was kept before is gone: %v", err)
	}
	held.Release()
	wantMade(t, path, "old")
	if content, _ := os.ReadFile(kept); string(content) != "kept" {
		t.Errorf("what was kept before is %q", content)
	}
}

// TestReplaceDamaged: a damaged file is what one replaces.
func TestReplaceDamaged(t *testing.T) {
	folder := t.TempDir()
	path, fresh, kept := filepath.Join(folder, "test.db"), filepath.Join(folder, "fresh.db"), filepath.Join(folder, "kept.db")
	if err := os.WriteFile(path, []byte("no database"), 0o640); err != nil {
		t.Fatal(err)
	}
	made(t, fresh, "new")
	if os.Getuid() == 0 {
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	if err := hold(t, path).Replace(kept, copyOf(fresh)); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(kept); string(content) != "no database" {
		t.Errorf("what was kept is %q", content)
	}
	wantOwner(t, kept, path)
}

// TestReplaceNothingAsRoot: the folder is the gateway's, and so is what is new.
func TestReplaceNothingAsRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	folder := t.TempDir()
	path, fresh := filepath.Join(folder, "test.db"), filepath.Join(t.TempDir(), "fresh.db")
	made(t, fresh, "new")
	if err := os.Chown(folder, 65534, 65533); err != nil {
		t.Fatal(err)
	}
	if err := hold(t, path).Replace(filepath.Join(folder, "kept.db"), copyOf(fresh)); err != nil {
		t.Fatal(err)
	}
	var owner syscall.Stat_t
	if err := syscall.Stat(path, &owner); err != nil || owner.Uid != 65534 || owner.Gid != 65533 || owner.Mode&0o777 != 0o600 {
		t.Errorf("it belongs to %d:%d with mode %o, %v", owner.Uid, owner.Gid, owner.Mode, err)
	}
}

// TestReplaceFollowsNoLink: the folder may be another user's than who restores,
// and nothing is given to that user by a link in it.
func TestReplaceFollowsNoLink(t *testing.T) {
	folder := t.TempDir()
	path, precious := filepath.Join(folder, "test.db"), filepath.Join(t.TempDir(), "precious")
	made(t, path, "old")
	made(t, precious, "not theirs")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	err := hold(t, path).Replace(filepath.Join(folder, "kept.db"), func(temporary string) error { return os.Symlink(precious, temporary) })
	if err == nil {
		t.Error("a link was put in the place of the file")
	}
	if info, err := os.Stat(precious); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("what it leads to has become %v, %v", info.Mode(), err)
	}
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
}

// wantOwner: the gateway must be able to open what root has put there.
func wantOwner(t *testing.T, before, after string) {
	t.Helper()
	var owners [2]syscall.Stat_t
	for i, path := range []string{before, after} {
		if err := syscall.Stat(path, &owners[i]); err != nil {
			t.Fatal(err)
		}
	}
	if owners[0].Uid != owners[1].Uid || owners[0].Gid != owners[1].Gid || owners[0].Mode != owners[1].Mode {
		t.Errorf("%s belongs to %d:%d with mode %o, %s to %d:%d with %o", before, owners[0].Uid, owners[0].Gid, owners[0].Mode,
			after, owners[1].Uid, owners[1].Gid, owners[1].Mode)
	}
}

// TestKeepWithoutLinks: the way of a file system that has none.
func TestKeepWithoutLinks(t *testing.T) {
	folder := t.TempDir()
	path, kept := filepath.Join(folder, "test.db"), filepath.Join(folder, "kept.db")
	made(t, path, "old")
	if err := hold(t, path).copy(kept); err != nil {
		t.Fatal(err)
	}
	wantMade(t, kept, "old")
}

func TestReadOnly(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "test.db")
	options := Options{ReadOnly: true, LockTimeout: time.Millisecond}
	if _, err := Open(path, options); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if entries, err := os.ReadDir(folder); len(entries) != 0 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	made(t, path, "old")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	one, err := Open(path, options)
	if err != nil {
		t.Fatal(err)
	}
	wantMade(t, path, "old") // beside the first
	if _, err := Open(path, Options{LockTimeout: time.Millisecond}); !errors.Is(err, ErrInUse) {
		t.Errorf("a writer came in: %v", err)
	}
	if err := put(one, "key", nil); err == nil {
		t.Error("a write succeeded")
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	if after, err := os.ReadFile(path); string(after) != string(before) || err != nil {
		t.Errorf("the file has changed, %v", err)
	}
	two := mustOpen(t, path)
	defer two.Close()
	if _, err := Open(path, options); !errors.Is(err, ErrInUse) {
		t.Errorf("a reader came in beside a writer: %v", err)
	}
}
