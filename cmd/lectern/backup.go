package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"lectern/internal/boltfile"
	"lectern/internal/wholefile"
	"lectern/progress"
)

func backupCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "backup [FILE|-]",
		Short: "Copy the database of progress, also while the gateway runs",
		Long: `Copy the database of progress, lectern.db, as it is at one moment, into FILE or to
standard output. The gateway may run; run this as its user or as root, with the
same settings. Without FILE it is lectern-TIME.db in this folder.

The copy is checked before it gets its name. lectern restore puts it back.`,
		Args: arguments(0, 1),
	}
	settings := settingsOf(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE where it is there already")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := settings.load()
		if err != nil {
			return err
		}
		if len(args) == 0 {
			args = []string{"lectern-" + stamp() + ".db"}
		}
		if args[0] == "-" {
			return backupTo(cmd.Context(), c.DataDir, os.Stdout, cmd.ErrOrStderr())
		}
		return backup(cmd.Context(), c.DataDir, args[0], force, cmd.OutOrStdout(), cmd.ErrOrStderr())
	}
	return cmd
}

// stamp is the time as a part of names of files.
func stamp() string { return time.Now().UTC().Format("20060102T150405Z") }

// backup makes the file, whole or not at all.
func backup(ctx context.Context, dataDir, file string, force bool, out, warnings io.Writer) error {
	if isDatabase(file, dataDir) {
		return fmt.Errorf("%s is the database itself: name another file", file)
	}
	put := wholefile.Create
	if force {
		put = wholefile.Replace
	}
	var report progress.Report
	err := put(file, func(temporary string) error {
		err := copyDatabase(ctx, dataDir, temporary)
		if err == nil {
			report, err = checkCopy(temporary, dataDir)
		}
		return err
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return thereAlready(file)
	case err != nil:
		return fmt.Errorf("no backup was made: %w", boltfile.InWords(err))
	}
	warn(warnings, report)
	_, err = fmt.Fprintf(out, "%s: %s\n", file, contents(report))
	return err
}

// thereAlready says what to do about a file that is in the way.
func thereAlready(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder: name a file in it", file)
	}
	return fmt.Errorf("%s is there already: name another file, or replace it with --force", file)
}

// backupTo writes a backup that was checked before its first byte.
func backupTo(ctx context.Context, dataDir string, out *os.File, messages io.Writer) error {
	if term.IsTerminal(out.Fd()) {
		return errors.New("a backup is nothing for a terminal: name a file, or send it into one with >")
	}
	file, remove, err := snapshot(ctx, dataDir)
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	defer remove()
	report, err := checkCopy(file, dataDir)
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	copied, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = copied.Close() }()
	remove() // a pipe that breaks ends this program at once, and so may a signal now
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := io.Copy(out, copied); err != nil {
		return fmt.Errorf("the backup is not whole: %w", boltfile.InWords(err))
	}
	warn(messages, report)
	_, err = fmt.Fprintln(messages, contents(report))
	return err
}

// isDatabase tells whether a file is that of the gateway, which would go on
// with one that has no name any more.
func isDatabase(file, dataDir string) bool {
	named, err := os.Stat(file)
	if err != nil {
		return false
	}
	database, err := os.Stat(databaseIn(dataDir))
	return err == nil && os.SameFile(named, database)
}

// checkCopy checks a copy of the database in a data folder.
func checkCopy(file, dataDir string) (progress.Report, error) {
	report, err := progress.Check(file)
	if damage := (*boltfile.DamageError)(nil); errors.As(err, &damage) {
		err = fmt.Errorf("the database in %s is damaged (%w): an older backup may be sound", dataDir, damage.Cause)
	}
	return report, err
}

// contents says what is in a file of progress.
func contents(r progress.Report) string {
	return fmt.Sprintf("%d bytes, finished stages: %d, learners: %d", r.Size, r.Records, r.Learners)
}

// warn tells of what a sound file has that is not.
func warn(out io.Writer, r progress.Report) {
	if r.Unreadable > 0 {
		_, _ = fmt.Fprintf(out, "lectern: %d records in it cannot be read, as they could not before; an older backup may have them. The first is %v\n", r.Unreadable, r.Fault)
	}
}
