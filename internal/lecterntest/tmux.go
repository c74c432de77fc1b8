package lecterntest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Tmux is a tmux server of a test's own.
type Tmux struct {
	// Socket is where it listens; a long path is none (unix(7)).
	Socket string
	// Dir is the home of the commands in it, and where they run.
	Dir string
}

// Run runs a tmux command and returns what it prints.
func (x Tmux) Run(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-S", x.Socket, "-u"}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + x.Dir, "TERM=xterm-256color", "LC_ALL=C.UTF-8", "SHELL=/bin/sh"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tmux %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// Open runs a command in a terminal of its own, which stays with
// "[exit STATUS]" when the command has ended. The size is COLSxROWS.
func (x Tmux) Open(name, size string, command ...string) error {
	cols, rows, ok := strings.Cut(size, "x")
	if !ok {
		return fmt.Errorf("%q is no size like 80x24", size)
	}
	quoted := make([]string, len(command))
	for i, arg := range command {
		quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	_, err := x.Run("-f", os.DevNull, "new-session", "-d", "-s", name, "-x", cols, "-y", rows, "-c", x.Dir,
		strings.Join(quoted, " ")+`; echo "[exit $?]"; cat`,
		";", "set-option", "-t", name, "window-size", "manual",
		";", "set-option", "-g", "exit-empty", "off") // it outlives its last terminal
	return err
}
