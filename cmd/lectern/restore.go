package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"lectern/internal/boltfile"
	"lectern/progress"
)

func restoreCommand() *cobra.Command {
	var force, check bool
	cmd := &cobra.Command{
		Use:   "restore FILE|-",
		Short: "Put a backup in the place of the database, while no gateway runs",
		Long: `Put the backup FILE, or the one on standard input, in the place of the database,
lectern.db. No gateway may run on it meanwhile. The backup is checked wholly
before anything changes, and the database before stays in the same folder as
lectern.db.before-restore-TIME. Whenever this is interrupted, the gateway finds
the one or the other.`,
		Args: arguments(1, 1),
	}
	settings := settingsOf(cmd)
	cmd.Flags().BoolVar(&check, "check", false, "only check FILE and say what is in it")
	cmd.Flags().BoolVar(&force, "force", false, "restore also where some of its records cannot be read")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if check {
			return checkBackup(args[0], cmd.OutOrStdout())
		}
		c, err := settings.load()
		if err != nil {
			return err
		}
		return restore(cmd.Context(), c.DataDir, args[0], os.Stdin, force, cmd.OutOrStdout())
	}
	return cmd
}

// checkBackup says what is in a backup.
func checkBackup(file string, out io.Writer) error {
	if file == "-" {
		return errors.New("--check wants the name of a file: write what comes into one first")
	}
	report, err := checkFresh(file, file, false)
	if err == nil {
		_, err = fmt.Fprintf(out, "%s: %s\n", file, contents(report))
	}
	return err
}

// holdLimit is how long a restore waits for who has the database open.
const holdLimit = 2 * time.Second

// restore puts a backup in the place of the database of a data folder.
func restore(ctx context.Context, dataDir, file string, stdin *os.File, force bool, out io.Writer) error {
	if file == "-" && term.IsTerminal(stdin.Fd()) {
		return errors.New("a backup cannot be typed: name its file, or give it with <")
	}
	name := file
	if file == "-" {
		name = "standard input"
	}
	if isDatabase(file, dataDir) {
		return fmt.Errorf("%s is the database itself: name a backup of it", file)
	}
	backup, err := openBackup(file, stdin)
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	defer func() { _ = backup.Close() }()
	path, held, err := holdDatabase(dataDir)
	if err != nil {
		return err
	}
	defer held.Release()
	kept, err := freeName(path + ".before-restore-" + stamp())
	if err != nil {
		return err
	}
	var report progress.Report
	err = held.Replace(kept, func(temporary string) error {
		err := take(ctx, backup, temporary)
		if err == nil {
			report, err = checkFresh(temporary, name, force)
		}
		return err
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("nothing was restored, as a gateway was started on %s meanwhile: stop it, and restore again", dataDir)
	case err != nil:
		return fmt.Errorf("nothing was restored: %w", err)
	}
	before := "there was none before"
	if held.Exists() {
		before = "the one before is kept as " + kept
	}
	_, err = fmt.Fprintf(out, "%s holds what was in %s now (%s); %s\n", path, name, contents(report), before)
	return err
}

// holdDatabase keeps gateways from the database of a data folder, and says where
// it really is.
func holdDatabase(dataDir string) (path string, held *boltfile.Held, err error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return "", nil, fmt.Errorf("make the data folder: %w", boltfile.InWords(err))
	}
	path = databaseIn(dataDir)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // which is what a gateway opens
	}
	held, err = boltfile.Hold(path, holdLimit)
	switch {
	case errors.Is(err, boltfile.ErrInUse):
		err = fmt.Errorf("a gateway runs on %s: stop it first, since it would go on with the database that it has", dataDir)
	case err != nil:
		err = fmt.Errorf("open the database before: %w", boltfile.InWords(err))
	}
	return path, held, err
}

// freeName is a name that no file has yet: a clock may have been set back.
func freeName(name string) (string, error) {
	for i := 1; ; i++ {
		free := name
		if i > 1 {
			free = fmt.Sprintf("%s-%d", name, i)
		}
		switch _, err := os.Lstat(free); {
		case errors.Is(err, fs.ErrNotExist):
			return free, nil
		case err != nil:
			return "", fmt.Errorf("choose a name for the database before: %w", err)
		}
	}
}

// openBackup opens a backup that nobody writes to meanwhile.
func openBackup(file string, stdin *os.File) (*os.File, error) {
	if file == "-" {
		return stdin, nil
	}
	backup, err := boltfile.OpenUnused(file)
	switch {
	case errors.Is(err, boltfile.ErrInUse):
		return nil, running(file)
	case errors.Is(err, fs.ErrNotExist):
		return nil, notThere(file)
	}
	return backup, err
}

func notThere(file string) error {
	return fmt.Errorf("there is no file %s: name a backup that is there", file)
}

func running(file string) error {
	return fmt.Errorf("%s is the database of a gateway that runs: make a backup of it with lectern backup", file)
}

// take copies a backup. Whoever was to send it may never do so.
func take(ctx context.Context, backup *os.File, to string) error {
	in, release, err := newInput(backup)
	if err != nil {
		return err
	}
	defer release()
	stop := context.AfterFunc(ctx, func() { _ = in.Close() })
	defer stop()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, ctx.Err(), out.Close())
}

// checkFresh checks a backup wholly; name is what it is called.
func checkFresh(file, name string, force bool) (progress.Report, error) {
	report, err := progress.CheckAs(file, name)
	switch {
	case errors.Is(err, boltfile.ErrInUse):
		return report, running(name)
	case errors.Is(err, fs.ErrNotExist):
		return report, notThere(name)
	}
	if damage := (*boltfile.DamageError)(nil); errors.As(err, &damage) {
		return report, fmt.Errorf("%s is no sound backup (%w): take another one", name, damage.Cause)
	}
	if err == nil && report.Unreadable > 0 && !force {
		return report, fmt.Errorf("%d records of %s cannot be read (%w): take another backup, or accept with --force that these are lost", report.Unreadable, name, report.Fault)
	}
	return report, err
}
