// Command lectern is the lab gateway and everything that runs inside a
// sandbox, in one binary: a small file a subcommand.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	// The roots of trust for an image that has no files but this program.
	_ "golang.org/x/crypto/x509roots/fallback"

	"lectern/sandbox/claude"
)

func main() {
	if claude.IsShell(os.Args[0]) {
		os.Exit(claude.RefuseShell(os.Stderr))
	}
	ctx, stop := untilSignal()
	err := root().ExecuteContext(ctx)
	stop()
	var status exitStatus
	switch {
	case err == nil:
	case errors.As(err, &status):
		os.Exit(int(status))
	default:
		fmt.Fprintln(os.Stderr, "lectern:", err)
		os.Exit(1)
	}
}

// exitStatus ends the program with a status and without another word.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "lectern",
		Short:         "A lab you reach by ssh: pick a course, study it with a tutor in a private sandbox",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.CompletionOptions.HiddenDefaultCmd = true
	return family(cmd,
		serveCommand(), proxyCommand(), courseCommand(), holdCommand(), tutorCommand(), claudeCommand(), keysCommand(),
		backupCommand(), restoreCommand(), progressCommand(), auditCommand(), doctorCommand(), probeCommand(), versionCommand(),
	)
}
