package source

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unpackBytes unpacks into a new folder inside another, so that tests see
// anything that gets out.
func unpackBytes(t testing.TB, archive []byte, limits Limits) (outer string, skipped int, err error) {
	t.Helper()
	outer = t.TempDir()
	if err := os.Mkdir(filepath.Join(outer, "tree"), 0o755); err != nil {
		t.Fatal(err)
	}
	tree, err := os.OpenRoot(filepath.Join(outer, "tree"))
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	skipped, err = unpack(context.Background(), tree, bytes.NewReader(archive), int64(len(archive)), limits.withDefaults())
	return outer, skipped, err
}

func TestUnpackWritesFilesWithPlainModes(t *testing.T) {
	outer, skipped, err := unpackBytes(t, pack(t,
		entry{name: "pax_global_header", kind: tar.TypeXGlobalHeader},
		entry{name: "repo-main/"},
		entry{name: "./repo-main/a/CLAUDE.md", body: "# One"},
		entry{name: "repo-main/a/CLAUDE.md", body: "# Two"},
		entry{name: "repo-main/e\x1b[31mvil\u202e.md", body: "x"},
	), Limits{})
	if err != nil || skipped != 0 {
		t.Fatal(skipped, err)
	}
	file := filepath.Join(outer, "tree/repo-main/a/CLAUDE.md")
	if body, err := os.ReadFile(file); err != nil || string(body) != "# Two" {
		t.Errorf("the later of two entries should count: %q, %v", body, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o111 != 0 {
		t.Errorf("mode %v, %v: no file may be executable", info.Mode(), err)
	}
	if _, err := os.Stat(filepath.Join(outer, "tree/repo-main/e_[31mvil_.md")); err != nil {
		t.Errorf("control characters in names should be replaced: %v", err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	deep := strings.Repeat("d/", 33) + "f"
	good := pack(t, entry{name: "a/CLAUDE.md", body: strings.Repeat("text ", 1000)})
	for name, test := range map[string]struct {
		archive []byte
		limits  Limits
		unsafe  bool
		says    string
	}{
		"traversal":        {archive: pack(t, entry{name: "../evil", body: "x"}), unsafe: true, says: "leads out"},
		"hidden traversal": {archive: pack(t, entry{name: "a/../../evil", body: "x"}), unsafe: true, says: "leads out"},
		"absolute":         {archive: pack(t, entry{name: "/evil", body: "x"}), unsafe: true, says: "absolute"},
		"no name":          {archive: pack(t, entry{name: ".", body: "x"}), unsafe: true, says: "no name"},
		"deep":             {archive: pack(t, entry{name: deep, body: "x"}), unsafe: true, says: "deep"},
		"long name":        {archive: pack(t, entry{name: strings.Repeat("n", 201), body: "x"}), unsafe: true, says: "longer"},
		"too many":         {archive: pack(t, entry{name: "a/"}, entry{name: "b/"}), limits: Limits{Entries: 1}, unsafe: true, says: "entries"},
		"too big":          {archive: good, limits: Limits{Unpacked: 100}, unsafe: true, says: "larger"},
		"bomb":             {archive: pack(t, entry{name: "zeros", body: strings.Repeat("\x00", 8<<20)}), unsafe: true, says: "times its size"},
		"endless headers": {
			archive: pack(t, entry{name: "a", body: strings.Repeat("0123456789", 1<<20)}),
			limits:  Limits{Unpacked: 1 << 20, Entries: 1, Ratio: 1 << 40}, unsafe: true, says: "larger",
		},
		"empty":           {archive: nil, says: "not a gzip file"},
		"a web page":      {archive: []byte("<html>"), says: "not a gzip file"},
		"not a tar":       {archive: squeeze(t, bytes.Repeat([]byte("no tar "), 200)), says: "broken"},
		"truncated":       {archive: good[:len(good)/2], says: "too early"},
		"checksum":        {archive: append(bytes.Clone(good[:len(good)-8]), 0, 0, 0, 0, 0, 0, 0, 0), says: "broken"},
		"file and folder": {archive: pack(t, entry{name: "a", body: "x"}, entry{name: "a/b", body: "x"}), says: "write"},
	} {
		t.Run(name, func(t *testing.T) {
			outer, _, err := unpackBytes(t, test.archive, test.limits)
			if err == nil || errors.Is(err, ErrUnsafe) != test.unsafe || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v; want something with %q, unsafe %v", err, test.says, test.unsafe)
			}
			checkInside(t, outer)
		})
	}
}

func TestUnpackSkipsLinksAndDevices(t *testing.T) {
	outer, skipped, err := unpackBytes(t, pack(t,
		entry{name: "out", kind: tar.TypeSymlink, link: "../.."},
		entry{name: "hard", kind: tar.TypeLink, link: "/etc/passwd"},
		entry{name: "pipe", kind: tar.TypeFifo},
		entry{name: "null", kind: tar.TypeChar},
		entry{name: "out/evil", body: "x"},
	), Limits{})
	if err != nil || skipped != 4 {
		t.Fatalf("skipped %d, %v", skipped, err)
	}
	checkInside(t, outer)
	if body, err := os.ReadFile(filepath.Join(outer, "tree/out/evil")); err != nil || string(body) != "x" {
		t.Errorf("a file behind a link's name must land in the tree: %v", err)
	}
}

func TestUnpackStopsWithItsContext(t *testing.T) {
	tree, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	archive := pack(t, entry{name: "a", body: "x"})
	if _, err := unpack(ctx, tree, bytes.NewReader(archive), int64(len(archive)), DefaultLimits()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// checkInside fails if anything but plain files and folders in the tree is there.
func checkInside(t testing.TB, outer string) {
	t.Helper()
	err := filepath.WalkDir(outer, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(outer, path)
		if err != nil {
			return err
		}
		if rel != "." && rel != "tree" && !strings.HasPrefix(rel, "tree"+string(filepath.Separator)) {
			t.Errorf("%s was written outside the tree", rel)
		}
		if !d.IsDir() && !d.Type().IsRegular() {
			t.Errorf("%s is a %v", rel, d.Type())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack(f, entry{name: "a/CLAUDE.md", body: "# A"}, entry{name: "a/l", kind: tar.TypeSymlink, link: "/"}, entry{name: "a/l/x", body: "y"}))
	f.Add(pack(f, entry{name: "../x", body: "y"}))
	f.Add([]byte{0x1f, 0x8b, 8})
	f.Fuzz(func(t *testing.T, archive []byte) {
		outer, _, _ := unpackBytes(t, archive, Limits{Unpacked: 1 << 20, Entries: 50})
		checkInside(t, outer)
	})
}

// FuzzUnpackTar gets behind the compression, where a fuzzer would hardly come.
func FuzzUnpackTar(f *testing.F) {
	f.Add("a/CLAUDE.md", "", byte(tar.TypeReg))
	f.Add("../x", "", byte(tar.TypeReg))
	f.Add("x", "/etc", byte(tar.TypeSymlink))
	f.Add("a\\..\\b\x00\xff", "y", byte(tar.TypeDir))
	f.Fuzz(func(t *testing.T, name, link string, kind byte) {
		var plain bytes.Buffer
		w := tar.NewWriter(&plain)
		body := "second"
		for _, h := range []*tar.Header{
			{Name: name, Linkname: link, Typeflag: kind},
			{Name: name + "/below", Typeflag: tar.TypeReg, Size: int64(len(body))},
		} {
			if w.WriteHeader(h) != nil {
				return
			}
		}
		w.Write([]byte(body))
		if w.Close() != nil {
			return
		}
		outer, _, _ := unpackBytes(t, squeeze(t, plain.Bytes()), Limits{})
		checkInside(t, outer)
	})
}
