package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"lectern/cmd/lectern/control"
	"lectern/cmd/lectern/export"
	"lectern/internal/boltfile"
	"lectern/internal/wholefile"
	"lectern/progress"
)

func progressCommand() *cobra.Command {
	return family(&cobra.Command{Use: "progress", Short: "Look at what learners have finished"}, progressExportCommand())
}

func progressExportCommand() *cobra.Command {
	var (
		format, login, course, file string
		force                       bool
	)
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print what learners have finished and used, as JSON or CSV",
		Long: `Print what learners have finished, and in JSON the tokens of a model that they have
used too; docs/backup.md lists the fields. The gateway may run; run this as its
user or as root, with the same settings.`,
		Args: noArguments,
	}
	settings := settingsOf(cmd)
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "json", "json or csv")
	flags.StringVar(&login, "login", "", "only this learner")
	flags.StringVar(&course, "course", "", "only this course, by its id")
	flags.StringVarP(&file, "output", "o", "", "write into this file, and not to standard output")
	flags.BoolVar(&force, "force", false, "replace the file where it is there already")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		write, known := map[string]func(io.Writer, []progress.Learner) error{"json": export.JSON, "csv": export.CSV}[format]
		if !known {
			return fmt.Errorf("--format %q is unknown, use json or csv", format)
		}
		c, err := settings.load()
		if err != nil {
			return err
		}
		learners, err := learnersOf(cmd.Context(), c.DataDir)
		if err != nil {
			return fmt.Errorf("export progress: %w", err)
		}
		learners = export.Select(learners, strings.ToLower(login), course)
		if len(learners) == 0 {
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "lectern: there is nothing to export"+because(login, course))
		}
		var text bytes.Buffer
		if err := write(&text, learners); err != nil {
			return fmt.Errorf("export progress: %w", err)
		}
		if file == "" {
			_, err = text.WriteTo(cmd.OutOrStdout())
			return err
		}
		return writeExport(file, text.Bytes(), force)
	}
	return cmd
}

// because says what to look at where nothing is left to export. Which courses
// there are is not known here, and one that nobody has finished a stage of looks
// like one that is misspelt.
func because(login, course string) string {
	switch {
	case course != "" && login != "":
		return fmt.Sprintf(": %s has finished nothing in a course with the id %s", login, course)
	case course != "":
		return fmt.Sprintf(": no learner has finished anything in a course with the id %s", course)
	case login != "":
		return fmt.Sprintf(": no learner %s has finished or used anything", login)
	}
	return ""
}

// learnersOf reads all learners before anything is printed: no gateway waits
// for whoever reads that, and what cannot be read is not half printed.
func learnersOf(ctx context.Context, dataDir string) (learners []progress.Learner, err error) {
	collect := func(l progress.Learner) error {
		learners = append(learners, l)
		return ctx.Err()
	}
	err = ask(dataDir,
		func() error { return control.Progress(ctx, dataDir, collect) },
		func(store *progress.Store) error { return store.Learners(collect) })
	return learners, err
}

func writeExport(file string, text []byte, force bool) error {
	put := wholefile.Create
	if force {
		put = wholefile.Replace
	}
	err := put(file, func(temporary string) error { return os.WriteFile(temporary, text, 0o600) })
	switch {
	case errors.Is(err, fs.ErrExist):
		return thereAlready(file)
	case err != nil:
		return fmt.Errorf("write %s: %w", file, boltfile.InWords(err))
	}
	return nil
}
