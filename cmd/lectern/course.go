package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"lectern/course"
	"lectern/course/source"
)

func courseCommand() *cobra.Command {
	return family(&cobra.Command{Use: "course", Short: "Look at courses"}, courseCheckCommand())
}

func courseCheckCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check PATH",
		Short: "Say what is wrong with the courses in a folder or .tar.gz archive",
		Long: `Read every course in a folder or a .tar.gz archive and print its stages and
every problem with file and line. The exit status is 1 only where there are errors.`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			unpacked, err := os.MkdirTemp("", "lectern-course-")
			if err != nil {
				return fmt.Errorf("make a folder to unpack into: %w", err)
			}
			defer func() { _ = os.RemoveAll(unpacked) }()
			opened, err := source.Open(cmd.Context(), source.Spec{Path: args[0]}, source.Options{CacheDir: unpacked})
			if err != nil {
				return err
			}
			report, err := course.Scan(opened.Dir)
			if err != nil {
				return err
			}
			if asJSON {
				err = report.WriteJSON(cmd.OutOrStdout())
			} else {
				err = report.WriteText(cmd.OutOrStdout())
			}
			if err != nil {
				return fmt.Errorf("print the report: %w", err)
			}
			if report.HasErrors() {
				return exitStatus(1)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
