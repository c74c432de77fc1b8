package local

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
	"lectern/sandbox/conformance"
)

// lectern is the program under test, which also runs inside the sandboxes.
var lectern string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "lectern-local-")
	if err != nil {
		panic(err)
	}
	if lectern = os.Getenv("LECTERN_TEST_BINARY"); lectern == "" {
		if lectern, err = lecterntest.Build(dir, false); err != nil {
			panic(err)
		}
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

func options(t *testing.T, isolation Isolation) Options {
	if isolation == Bubblewrap {
		if _, err := exec.LookPath("bwrap"); err != nil {
			t.Skip("bubblewrap is not installed")
		}
	}
	opts := Options{
		Dir: t.TempDir(), Executable: lectern, Command: conformance.Command, Isolation: isolation,
		Life: time.Hour, Memory: 1 << 30, Processes: 64, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	t.Cleanup(func() { // what ended by itself is swept, as by the next gateway
		b, err := New(context.Background(), opts)
		for deadline := time.Now().Add(10 * time.Second); err == nil; err = b.sweep(context.Background()) {
			// A last process may be on its way out.
			if left, _ := filepath.Glob(b.path("*", "sandbox.json")); len(left) == 0 || time.Now().After(deadline) {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		if err != nil {
			t.Error(err)
			return
		}
		for _, g := range b.cgroups.groups {
			if _, err := os.Stat(g.base); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the control group %s is left: %v", g.base, err)
			}
		}
		if left, _ := filepath.Glob(b.path("*", "sandbox.json")); len(left) > 0 {
			t.Errorf("records are left: %v", left)
		}
	})
	return opts
}

func TestConformance(t *testing.T) {
	for _, isolation := range []Isolation{Bubblewrap, None} {
		t.Run(string(isolation), func(t *testing.T) {
			conformance.Run(t, func(t *testing.T) (sandbox.Backend, func() sandbox.Backend) {
				opts := options(t, isolation)
				open := func() sandbox.Backend {
					b, err := New(t.Context(), opts)
					if err != nil {
						t.Fatal(err)
					}
					return b
				}
				return open(), open
			})
		})
	}
}
