package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"lectern/course"
	"lectern/sandbox/claude"
)

func claudeCommand() *cobra.Command {
	var (
		place          claude.Place
		dir, id, title string
		stage          int
	)
	cmd := &cobra.Command{
		Use:    "claude --course DIR --id ID --title TITLE --stage N --program PATH --no-shell PATH",
		Short:  "Start Claude Code as the tutor of a stage (runs inside sandboxes)",
		Hidden: true,
		Args:   noArguments,
		RunE: func(*cobra.Command, []string) error {
			c, problems := course.Load(dir, id)
			if stage < 1 || stage > len(c.Stages) {
				for _, p := range problems {
					fmt.Fprintln(os.Stderr, p)
				}
				return fmt.Errorf("the course in %s has %d stages, so there is no stage %d", dir, len(c.Stages), stage)
			}
			if title == "" { // a title may come from files outside the folder
				title = c.Title
			}
			home := os.Getenv("HOME")
			if home == "" {
				return errors.New("HOME is not set, so the learner's home is not to be found; please tell your instructor")
			}
			start, err := claude.Prepare(place, claude.Lesson{
				CourseID: id, CourseTitle: title, Dir: dir, Home: home,
				Stage: stage, Stages: len(c.Stages), StageTitle: c.Stages[stage-1].Title,
			}, os.Environ())
			if err != nil {
				return err
			}
			return execute(start)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&place.Program, "program", "/usr/local/bin/claude", "Claude Code's program")
	flags.StringVar(&place.NoShell, "no-shell", "", "this program under the name bash, which refuses to be a shell")
	flags.StringVar(&dir, "course", ".", "folder of the course")
	flags.StringVar(&id, "id", "", "the course's id")
	flags.StringVar(&title, "title", "", "the course's title, where it is not in the folder")
	flags.IntVar(&stage, "stage", 1, "number of the stage")
	_ = cmd.MarkFlagRequired("id")
	_ = cmd.MarkFlagRequired("no-shell")
	return cmd
}

// execute puts Claude Code in the place of this process.
func execute(s claude.Start) error {
	if err := os.Chdir(s.Dir); err != nil {
		return fmt.Errorf("go to the course's folder: %w", err)
	}
	// Above all not the event link, on which a stage is called complete: with a
	// model, only what the API proxy has seen counts.
	if err := unix.CloseRange(3, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("keep inherited files from the tutor: %w", err)
	}
	err := unix.Exec(s.Program, s.Args, s.Environ)
	return fmt.Errorf("start the tutor: %s: %w", s.Program, err)
}
