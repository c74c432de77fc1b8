package boltfile

import (
	"bytes"
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// FuzzCheck spoils a sound file. What check lets through must be as good as
// sound: bbolt opens it, finds nothing wrong itself, and can write it.
func FuzzCheck(f *testing.F) {
	sound := filled(f)
	page := os.Getpagesize()
	f.Add(uint32(0), []byte{}, uint32(0), []byte{}, false)
	for at := 0; at < len(sound) && at < 40*page; at += page {
		f.Add(uint32(at+8), []byte{2}, uint32(at+10), []byte{0xff, 0xff, 1}, false)
		f.Add(uint32(at+16), []byte{1, 0, 0, 0, 9}, uint32(at+24), []byte{3, 0, 0, 0, 0, 0, 0, 0}, true)
		f.Add(uint32(at), bytes.Repeat([]byte{0xff}, 64), uint32(at+page-9), []byte("garbage"), true)
	}
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, at1 uint32, patch1 []byte, at2 uint32, patch2 []byte, sumsRight bool) {
		content := bytes.Clone(sound)
		copy(content[int(at1)%len(content):], patch1)
		copy(content[int(at2)%len(content):], patch2)
		if sumsRight {
			repairChecksum(content)
			repairChecksum(content[page:])
		}
		// bbolt ignores the headers of the meta pages, except in Check.
		copy(content, sound[:pageHeaderSize])
		copy(content[page:], sound[page:page+pageHeaderSize])
		if checkPages(bytes.NewReader(content), int64(len(content)), true) != nil {
			return
		}
		path := filepath.Join(folder, "fuzz.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		err = file.View(func(tx *bbolt.Tx) error {
			var found error
			for problem := range tx.Check() {
				// A page that nothing leads to wastes room and harms nobody.
				if !strings.Contains(problem.Error(), "unreachable unfreed") {
					found = problem
				}
			}
			return found
		})
		if err != nil {
			t.Errorf("bbolt finds: %v", err)
		}
		if err := put(file, "key", []byte("value")); err != nil && !errors.Is(err, bolterrors.ErrIncompatibleValue) {
			t.Errorf("write: %v", err)
		}
	})
}

func repairChecksum(page []byte) {
	b := page[pageHeaderSize:]
	sum := fnv.New64a()
	sum.Write(b[:checksumAt])
	order.PutUint64(b[checksumAt:], sum.Sum64())
}

func BenchmarkCheck(b *testing.B) {
	content := filled(b)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if err := checkPages(bytes.NewReader(content), int64(len(content)), true); err != nil {
			b.Fatal(err)
		}
	}
}
