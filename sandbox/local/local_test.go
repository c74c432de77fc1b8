package local

import (
	"log/slog"
	"os"
	"os/exec"
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
	return Options{
		Dir: t.TempDir(), Executable: lectern, Command: conformance.Command, Isolation: isolation,
		Life: time.Hour, Memory: 1 << 30, Processes: 64, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
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
