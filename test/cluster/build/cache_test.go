package build

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestKeyFollowsEveryInput(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "module/main.go"), "package main")
	write(t, filepath.Join(root, "module/go.sum"), "sums")
	write(t, filepath.Join(root, "elsewhere.go"), "not an input")
	key := func(facts ...string) string {
		t.Helper()
		key, err := keyOf(facts, root, "module")
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	before := key("go1.26")
	if again := key("go1.26"); again != before {
		t.Errorf("the same inputs have the keys %s and %s", before, again)
	}
	if key("go1.27") == before {
		t.Error("another Go has the same key")
	}
	write(t, filepath.Join(root, "elsewhere.go"), "changed")
	if key("go1.26") != before {
		t.Error("a file that is no input changes the key")
	}
	steps := map[string]func(){
		"a changed go.sum": func() { write(t, filepath.Join(root, "module/go.sum"), "other sums") },
		"a new file":       func() { write(t, filepath.Join(root, "module/policy.go"), "package main") },
		"a renamed file": func() {
			if err := os.Rename(filepath.Join(root, "module/policy.go"), filepath.Join(root, "module/rules.go")); err != nil {
				t.Fatal(err)
			}
		},
		"another mode": func() {
			if err := os.Chmod(filepath.Join(root, "module/main.go"), 0o755); err != nil {
				t.Fatal(err)
			}
		},
	}
	for _, what := range []string{"a changed go.sum", "a new file", "a renamed file", "another mode"} {
		before = key("go1.26")
		steps[what]()
		if key("go1.26") == before {
			t.Errorf("%s does not change the key", what)
		}
	}
}

func TestEntryIsMadeOnce(t *testing.T) {
	c := Cache{Dir: t.TempDir(), Log: io.Discard}
	var made atomic.Int32
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			path, err := c.entry(t.Context(), kind{"thing", time.Hour}, "1", func(_ context.Context, dir string) error {
				made.Add(1)
				return os.WriteFile(filepath.Join(dir, "file"), nil, 0o644)
			})
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(path, "file")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("it was made %d times", made.Load())
	}
}

func TestEntryThatFailsIsNotThere(t *testing.T) {
	c := Cache{Dir: t.TempDir(), Log: io.Discard}
	trouble := errors.New("no")
	fill := func(_ context.Context, dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o644), trouble)
	}
	if _, err := c.entry(t.Context(), kind{"thing", time.Hour}, "1", fill); !errors.Is(err, trouble) {
		t.Errorf("got %v", err)
	}
	path, err := c.entry(t.Context(), kind{"thing", time.Hour}, "1", func(context.Context, string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "half")); !os.IsNotExist(err) {
		t.Error("the failed one left a file in the next")
	}
}

func TestUnusedEntriesAreForgotten(t *testing.T) {
	c := Cache{Dir: t.TempDir(), Log: io.Discard}
	things := kind{"thing", time.Hour}
	fill := func(context.Context, string) error { return nil }
	paths := make(map[string]string)
	for _, key := range []string{"old", "used"} {
		path, err := c.entry(t.Context(), things, key, fill)
		if err != nil {
			t.Fatal(err)
		}
		paths[key] = path
		past := time.Now().Add(-2 * time.Hour)
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"used", "new"} {
		if _, err := c.entry(t.Context(), things, key, fill); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(paths["old"]); !os.IsNotExist(err) {
		t.Error("the unused entry is still there")
	}
	if _, err := os.Stat(paths["used"]); err != nil {
		t.Error("the used entry is gone")
	}
}

func TestContextInputs(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".dockerignore")
	write(t, path, "# a comment\n*\n!bin/lectern\n!courses\n")
	got, err := contextInputs(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, " ") != "bin/lectern courses" {
		t.Errorf("got %q", got)
	}
}

// What the images are made of must be in their context, or a change to it
// would go unnoticed.
func TestDockerfilesCopyInputsOnly(t *testing.T) {
	const source = "../../.."
	inputs, err := contextInputs(filepath.Join(source, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dockerfile := range []string{"Dockerfile", "sandbox/image/Dockerfile"} {
		text, err := os.ReadFile(filepath.Join(source, dockerfile))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) < 3 || fields[0] != "COPY" {
				continue
			}
			for _, copied := range fields[1 : len(fields)-1] {
				if !strings.HasPrefix(copied, "--") && !coveredBy(inputs, copied) {
					t.Errorf("%s copies %s, which .dockerignore leaves out", dockerfile, copied)
				}
			}
		}
	}
}

func coveredBy(inputs []string, path string) bool {
	for _, input := range inputs {
		if path == input || strings.HasPrefix(path, input+"/") {
			return true
		}
	}
	return false
}
