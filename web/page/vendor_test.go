package page_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// TestVendored holds what is not ours to what scripts/vendor-page has fetched:
// no file is changed, none is missing, none has come some other way.
func TestVendored(t *testing.T) {
	sums, err := os.ReadFile("vendor/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for s := bufio.NewScanner(bytes.NewReader(sums)); s.Scan(); {
		sum, file, _ := strings.Cut(s.Text(), "  ")
		listed[file] = true
		data, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		} else if got := fmt.Sprintf("%x", sha256.Sum256(data)); got != sum {
			t.Errorf("%s has the hash %s, want %s; make update-page puts the right one there", file, got, sum)
		}
	}
	own := map[string]bool{"SHA256SUMS": true, "package.json": true, "package-lock.json": true, ".npmrc": true}
	for _, dir := range []string{"vendor", "testdata/axe-core"} {
		err := fs.WalkDir(os.DirFS("."), dir, func(file string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !listed[file] && !own[path.Base(file)] {
				t.Errorf("%s is not in vendor/SHA256SUMS", file)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
