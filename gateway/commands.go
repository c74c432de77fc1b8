package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/anmitsu/go-shlex"
	"github.com/spf13/cobra"

	"lectern/course"
	"lectern/progress"
	"lectern/sandbox"
	"lectern/tui"
)

// execute runs `ssh lab@host COMMAND`. The commands are all there is: none of
// them reaches a shell.
func (s *session) execute(line string) int {
	args, err := shlex.Split(line, true)
	if err != nil {
		return s.refuse("The command cannot be read (%v): check its quotes.", err)
	}
	if len(args) == 0 {
		return s.shell()
	}
	status := 0
	root := s.commands(&status)
	root.InitDefaultHelpCmd()
	// Before flags are looked at, so that "rm -rf /" is told what it needs to hear.
	if found, _, err := root.Find(args[:1]); err != nil || found == root && !isHelp(args[0]) {
		return s.refuse("%s is no command here: this server runs tutors and nothing else. Try the command help.", clean(args[0]))
	}
	root.SetArgs(args)
	root.SetIn(s.gate.open())
	root.SetOut(lineEnds(s.channel, s.hasPTY))
	root.SetErr(lineEnds(s.channel.Stderr(), s.hasPTY))
	if err := root.ExecuteContext(s.ctx); err != nil {
		return s.refuse("%s", clean(err.Error()))
	}
	return status
}

// lineEnds gives the terminal's line ends to one that is in raw mode.
func lineEnds(w io.Writer, terminal bool) io.Writer {
	if terminal {
		return lineFeeds{w}
	}
	return w
}

// usage is cobra's, without what makes no sense behind ssh.
const usage = `{{if .Runnable}}
Usage:
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}

With --json, a command prints JSON.
`

func isHelp(arg string) bool { return arg == "-h" || arg == "--help" }

// commands are made anew for each session, for its own input and output.
func (s *session) commands(status *int) *cobra.Command {
	root := &cobra.Command{
		Use:           "ssh " + s.user + "@HOST",
		Long:          "Without a command, the picker opens. The commands that need no terminal:",
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetUsageTemplate(usage)
	root.PersistentFlags().Bool("json", false, "print JSON")
	root.AddCommand(
		s.whoamiCommand(), s.coursesCommand(), s.stagesCommand(), s.progressCommand(), s.startCommand(status),
	)
	return root
}

// print writes v as JSON where that was asked for, else what text writes.
func print(cmd *cobra.Command, v any, text func(w io.Writer)) error {
	if asked, err := cmd.Flags().GetBool("json"); err != nil || asked {
		return errors.Join(err, json.NewEncoder(cmd.OutOrStdout()).Encode(v))
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
	text(w)
	return w.Flush()
}

func (s *session) whoamiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Say who you are to this server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			answer := struct {
				Login string `json:"login"`
				Admin bool   `json:"admin"`
				Key   string `json:"key"`
				Via   string `json:"via"`
			}{s.who.Login, s.who.Admin, s.who.Fingerprint, string(s.who.Via)}
			return print(cmd, answer, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", answer.Login, answer.Key, answer.Via)
			})
		},
	}
}

func (s *session) coursesCommand() *cobra.Command {
	type row struct {
		ID          string `json:"id"`
		Title       string `json:"title"`
		Description string `json:"description"`
		Stages      int    `json:"stages"`
		Done        int    `json:"done"`
	}
	return &cobra.Command{
		Use: "courses", Short: "List the courses", Args: cobra.NoArgs,
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
				for _, r := range rows {
					_, _ = fmt.Fprintf(w, "%d\t%s\t%s\n", r.Number, r.State, r.Title)
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
	return &cobra.Command{
		Use: "progress", Short: "Show what you have finished", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			finished, err := s.server.Progress.Learner(s.who.Login)
			if err != nil {
				return err
			}
			rows := []courseProgress{}
			for _, c := range s.server.Courses.All() {
				rows = append(rows, progressOf(c, finished[c.ID], s.server.Unlock))
			}
			answer := struct {
				Login   string           `json:"login"`
				Courses []courseProgress `json:"courses"`
			}{s.who.Login, rows}
			return print(cmd, answer, func(w io.Writer) {
				for _, r := range rows {
					for _, stage := range r.CompletedStages {
						_, _ = fmt.Fprintf(w, "%s\tstage %d\t%s\n", r.Course, stage.StageNumber, stage.CompletedAt.Local().Format(time.DateTime))
					}
				}
			})
		},
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

func (s *session) startCommand(status *int) *cobra.Command {
	return &cobra.Command{
		Use: "start COURSE [STAGE]", Short: "Start a stage, the first open one by default (needs ssh -t)",
		Args: func(cmd *cobra.Command, args []string) error { return oneCourse(cmd, args[:min(1, len(args))]) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if asked, err := cmd.Flags().GetBool("json"); err != nil || asked {
				return errors.New("start opens a tutor on your terminal and has no JSON")
			}
			if !s.hasPTY {
				return fmt.Errorf("start needs a terminal: connect with ssh -t %s@HOST start %s", s.user, strings.Join(args, " "))
			}
			c, err := s.server.Courses.Find(args[0])
			if err != nil {
				return err
			}
			stage, err := s.chooseStage(c, args[1:])
			if err != nil {
				return err
			}
			sb, err := s.server.acquire(cmd.Context(), s, c, stage, s.phaseLines())
			if err != nil {
				return err
			}
			info, err := sb.Info(cmd.Context())
			if err != nil {
				return err
			}
			if info.CourseID != c.ID || info.Stage != stage {
				return fmt.Errorf("stage %d of %s is running; finish or leave it first, or choose in the picker", info.Stage, info.CourseID)
			}
			s.studied = tui.Place{CourseID: c.ID, Stage: stage}
			*status = s.loop(tui.Notice{}, sb)
			return nil
		},
	}
}

// chooseStage is the stage that was asked for, or the first that is open.
func (s *session) chooseStage(c course.Course, args []string) (int, error) {
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 1 || n > len(c.Stages) {
			return 0, fmt.Errorf("%s has stages 1 to %d, and %q is none of them", c.ID, len(c.Stages), clean(args[0]))
		}
		return n, nil
	}
	records, err := s.server.Progress.Course(s.who.Login, c.ID)
	if err != nil {
		return 0, err
	}
	for _, stage := range c.Stages {
		if course.StageState(stage.Number, doneIn(records), s.server.Unlock) == course.Open {
			return stage.Number, nil
		}
	}
	return 1, nil // all done: begin again
}

// phaseLines prints the phases of a wait one below the other.
func (s *session) phaseLines() func(sandbox.Phase) {
	last := ""
	return func(p sandbox.Phase) {
		line := inWords(p).Name
		if p.Position > 0 {
			line = fmt.Sprintf("%s: you are number %d of %d", line, p.Position, p.Length)
		}
		if line != last && p.Kind != sandbox.Ready {
			last = line
			s.say(line + "…")
		}
	}
}
