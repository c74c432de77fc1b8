package gateway

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lectern/course"
	"lectern/progress"
)

// The commands of this file list what a learner can study and has studied.

func (s *session) coursesCommand() *cobra.Command {
	type row struct {
		ID          string `json:"id"`
		Title       string `json:"title"`
		Description string `json:"description"`
		Stages      int    `json:"stages"`
		Done        int    `json:"done"`
	}
	return &cobra.Command{
		Use: "courses", Short: "List the courses", Args: alone,
		RunE: func(cmd *cobra.Command, _ []string) error {
			finished, err := s.server.Progress.Learner(s.who.Login)
			if err != nil {
				return err
			}
			rows := []row{}
			for _, c := range s.server.Courses.All() {
				rows = append(rows, row{c.ID, c.Title, c.Description, len(c.Stages), countDone(c, finished[c.ID])})
			}
			return print(cmd, rows, func(w io.Writer) {
				for _, r := range rows {
					_, _ = fmt.Fprintf(w, "%s\t%d of %d done\t%s\n", r.ID, r.Done, r.Stages, r.Title)
				}
			})
		},
	}
}

func oneCourse(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New("name one course, by its id or a part of it; the command courses lists them")
	}
	return nil
}

func (s *session) stagesCommand() *cobra.Command {
	type row struct {
		Number      int               `json:"number"`
		Title       string            `json:"title"`
		State       course.State      `json:"state"`
		Concepts    int               `json:"concepts"`
		Questions   int               `json:"questions"`
		CompletedAt *time.Time        `json:"completedAt,omitempty"`
		Evidence    progress.Evidence `json:"evidence,omitempty"`
	}
	return &cobra.Command{
		Use: "stages COURSE", Short: "List the stages of a course", Args: oneCourse,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.server.Courses.Find(args[0])
			if err != nil {
				return err
			}
			records, err := s.server.Progress.Course(s.who.Login, c.ID)
			if err != nil {
				return err
			}
			rows := []row{}
			for _, stage := range c.Stages {
				r := row{
					Number: stage.Number, Title: stage.Title, Concepts: len(stage.Concepts), Questions: len(stage.Questions),
					State: course.StageState(stage.Number, doneIn(records), s.server.Unlock),
				}
				if record := recordOf(records, stage.Number); r.State == course.Done {
					r.CompletedAt, r.Evidence = &record.CompletedAt, record.Evidence
				}
				rows = append(rows, r)
			}
			return print(cmd, rows, func(w io.Writer) {
				for i, r := range rows {
					_, _ = fmt.Fprintf(w, "%d\t%s\t%s\n", r.Number, r.State, c.Stages[i].Name())
				}
			})
		},
	}
}

// courseProgress has the fields of the system before, whose clients read them.
type courseProgress struct {
	Course           string           `json:"course"`
	Title            string           `json:"title"`
	CompletedStages  []completedStage `json:"completedStages"`
	UnlockedStages   []int            `json:"unlockedStages"`
	IsCourseComplete bool             `json:"isCourseComplete"`
}

type completedStage struct {
	StageNumber int               `json:"stageNumber"`
	CompletedAt time.Time         `json:"completedAt"`
	Evidence    progress.Evidence `json:"evidence"`
}

func (s *session) progressCommand() *cobra.Command {
	use, args := "progress", cobra.PositionalArgs(alone)
	if s.asAdmin() {
		use, args = "progress [LOGIN]", cobra.MaximumNArgs(1)
	}
	return &cobra.Command{
		Use: use, Short: "Show what you have finished, and the tokens it took", Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			login := s.who.Login
			if len(args) == 1 {
				if err := s.admin().may(cmd.Context()); err != nil {
					return err
				}
				login = strings.ToLower(args[0])
			}
			return s.showProgress(cmd, login)
		},
	}
}

func (s *session) showProgress(cmd *cobra.Command, login string) error {
	finished, err := s.server.Progress.Learner(login)
	if err != nil {
		return err
	}
	rows := []courseProgress{}
	for _, c := range s.server.Courses.All() {
		rows = append(rows, progressOf(c, finished[c.ID], s.server.Unlock))
	}
	tokens, err := s.server.usageOf(login)
	if err != nil {
		return err
	}
	answer := struct {
		Login   string           `json:"login"`
		Courses []courseProgress `json:"courses"`
		Tokens  *tokenUsage      `json:"tokens,omitempty"`
	}{login, rows, tokens}
	return print(cmd, answer, func(w io.Writer) {
		writeFinished(w, rows)
		tokens.write(w)
	})
}

// writeFinished is for people, who may not be where the server is.
func writeFinished(w io.Writer, rows []courseProgress) {
	none := true
	for _, r := range rows {
		for _, stage := range r.CompletedStages {
			none = false
			_, _ = fmt.Fprintf(w, "%s\tstage %d\t%s\n", r.Course, stage.StageNumber, stage.CompletedAt.UTC().Format(time.DateTime+" MST"))
		}
	}
	if none {
		_, _ = fmt.Fprintln(w, "No stage is finished yet.")
	}
}

func progressOf(c course.Course, records []progress.Record, unlock course.Unlock) courseProgress {
	p := courseProgress{Course: c.ID, Title: c.Title, CompletedStages: []completedStage{}, UnlockedStages: []int{}}
	for _, stage := range c.Stages {
		switch course.StageState(stage.Number, doneIn(records), unlock) {
		case course.Done:
			r := recordOf(records, stage.Number)
			p.CompletedStages = append(p.CompletedStages, completedStage{stage.Number, r.CompletedAt, r.Evidence})
			p.UnlockedStages = append(p.UnlockedStages, stage.Number)
		case course.Open:
			p.UnlockedStages = append(p.UnlockedStages, stage.Number)
		}
	}
	p.IsCourseComplete = len(c.Stages) > 0 && len(p.CompletedStages) == len(c.Stages)
	return p
}

func countDone(c course.Course, records []progress.Record) int {
	n := 0
	for _, stage := range c.Stages {
		if doneIn(records)(stage.Number) {
			n++
		}
	}
	return n
}
