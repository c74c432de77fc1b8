package claude

import (
	"io"
	"path/filepath"
)

// IsShell tells whether a program was started under the name by which Claude Code
// takes it for a shell (Place.NoShell).
func IsShell(program string) bool { return filepath.Base(program) == "bash" }

// RefuseShell says that there is none, and returns the exit status of a command
// that may not be run (POSIX, Shell Command Language, Exit Status).
func RefuseShell(out io.Writer) (status int) {
	_, _ = io.WriteString(out, "There is no shell in this lab. Ask your tutor, or use a terminal of your own machine.\n")
	return 126
}
