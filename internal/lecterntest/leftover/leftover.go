// Package leftover clears away what a test's gateway leaves: its sandboxes are no
// children of it, and are meant to outlive it.
package leftover

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"lectern/sandbox/local"
)

// patience is how long what was killed may take to go.
const patience = 30 * time.Second

// Clear ends all processes that were started with a path below dir, as all of a
// sandbox are that one sees from outside, and clears away, as the next gateway
// would, what the sandboxes have left on the host: a gateway of this program had
// its data in dir/data. The error says what stays.
func Clear(dir, program string) error {
	for _, pid := range processes(dir) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	// The folder can be removed once nothing writes to it any more.
	deadline := time.Now().Add(patience)
	for len(processes(dir)) > 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	left, err := sweep(filepath.Join(dir, "data"), program)
	for (err != nil || len(left) > 0) && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
		left, err = sweep(filepath.Join(dir, "data"), program)
	}
	if running := processes(dir); err != nil || len(left)+len(running) > 0 {
		return fmt.Errorf("these are left: sandboxes %v, processes %v, %v", left, running, err)
	}
	return nil
}

// sweep tells what it could not clear away. A gateway that never started a
// sandbox has no data.
func sweep(data, program string) (left []string, err error) {
	if _, err := os.Stat(filepath.Join(data, "sandboxes")); err != nil {
		return nil, nil
	}
	_, err = local.New(context.Background(), local.Options{
		Dir: data, Executable: program, Isolation: local.None,
		Memory: 1 << 30, Processes: 64, Log: slog.New(slog.DiscardHandler),
	})
	left, _ = filepath.Glob(filepath.Join(data, "sandboxes", "*", "sandbox.json"))
	return left, err
}

func processes(dir string) (pids []int) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte(dir+"/")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
