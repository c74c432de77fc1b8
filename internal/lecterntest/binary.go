// Package lecterntest is for tests that run the lectern program: it builds it,
// and waits for what a terminal shows.
package lecterntest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Build compiles the program into dir and returns its path. Where race is
// set, the race detector is in it.
func Build(dir string, race bool) (string, error) {
	_, here, _, _ := runtime.Caller(0)
	path := filepath.Join(dir, "lectern")
	args := []string{"build", "-o", path}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "./cmd/lectern")...)
	cmd.Dir = filepath.Join(filepath.Dir(here), "..", "..")
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build lectern: %w\n%s", err, out)
	}
	return path, nil
}
