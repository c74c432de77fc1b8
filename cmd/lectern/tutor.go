package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"lectern/course"
	"lectern/sandbox/tutor"
)

func tutorCommand() *cobra.Command {
	var (
		dir, id, title, state string
		stage                 int
	)
	cmd := &cobra.Command{
		Use:   "tutor --course DIR --stage N",
		Short: "Teach a stage without a model (runs inside sandboxes; also by hand)",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, problems := course.Load(dir, id)
			if stage < 1 || stage > len(c.Stages) {
				for _, p := range problems {
					fmt.Fprintln(os.Stderr, p)
				}
				return fmt.Errorf("the course in %s has %d stages, so there is no stage %d", dir, len(c.Stages), stage)
			}
			if title != "" { // a title may come from files outside the folder
				c.Title = title
			}
			link, err := tutor.Dial()
			if err != nil {
				return err
			}
			err = tutor.Run(cmd.Context(), tutor.Options{
				Course: c, Stage: stage, StateDir: state, Link: link, Environ: os.Environ(),
			}, os.Stdin, os.Stdout)
			if link != nil {
				err = errors.Join(err, link.Close())
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&dir, "course", ".", "folder of the course")
	flags.StringVar(&id, "id", "", "the course's id")
	flags.StringVar(&title, "title", "", "the course's title, where it is not in the folder")
	flags.IntVar(&stage, "stage", 1, "number of the stage")
	flags.StringVar(&state, "state", "", "folder in which the place in the lesson is kept; none: it is forgotten")
	return cmd
}
