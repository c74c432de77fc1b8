package claude

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A cluster may have given the group of a kept volume every right, and Claude
// Code does not start where its sockets lie in such a folder.
func TestTheFolderOfSocketsIsPrivateEachTime(t *testing.T) {
	v := newVisitor(t)
	for range 2 {
		start, err := Prepare(v.place, v.lesson, proxied)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.Index(start.Args, "--messaging-socket-path")
		if i < 0 {
			t.Fatalf("the arguments are %q", start.Args)
		}
		dir := filepath.Dir(start.Args[i+1])
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(dir)
		if err != nil || info.Mode().Perm() != 0o700 || len(left) > 0 {
			t.Errorf("%s has the mode %v and %d files, %v", dir, info.Mode(), len(left), err)
		}
		if err := os.Chmod(dir, 0o2770); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(start.Args[i+1], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
