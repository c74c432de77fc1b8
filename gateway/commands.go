package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// execute runs `ssh lab@host COMMAND`. The commands are all there is: none of
// them reaches a shell.
func (s *session) execute(line string) int {
	args, err := arguments(line)
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
		if s.forAdmins(args[0]) {
			return s.refuse("%s is a command for admins: connect as %s@ to use it.", clean(args[0]), s.server.AdminLogin)
		}
		return s.refuse("%s is no command here: this server runs tutors and nothing else. Try the command help.", clean(args[0]))
	}
	root.SetArgs(args)
	root.SetIn(s.gate.open())
	root.SetOut(lineEnds(s.channel, s.hasPTY))
	root.SetErr(lineEnds(s.channel.Stderr(), s.hasPTY))
	err = root.ExecuteContext(s.ctx)
	switch {
	case errors.Is(err, context.Canceled) && s.ctx.Err() != nil:
		return s.farewell(err) // it did not fail, and whoever waits is told why
	case err != nil:
		return s.refuse("%s", harmless(err.Error()))
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

// usage is cobra's, without what makes no sense behind ssh. A command that has
// to be typed in another way says so in its annotation usageLine.
const (
	usageLine = "usage"
	usage     = `Usage:
  {{or .Annotations.usage .UseLine}}{{if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Use .UsagePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}

With --json, all but help and start print JSON.
`
)

func isHelp(arg string) bool { return arg == "-h" || arg == "--help" }

// commands are made anew for each session, for its own input and output.
func (s *session) commands(status *int) *cobra.Command {
	root := &cobra.Command{
		Use:           "ssh [COMMAND]",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: s.at()},
		Long:          s.withoutCommand(),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetUsageTemplate(usage)
	root.SetHelpCommand(helpCommand())
	root.PersistentFlags().Bool("json", false, "print JSON")
	root.AddCommand(
		s.whoamiCommand(), s.coursesCommand(), s.stagesCommand(), s.progressCommand(), s.startCommand(status), s.resumeCommand(status),
		s.webCommand(),
	)
	if s.asAdmin() {
		root.AddCommand(s.adminCommands()...)
	}
	for _, cmd := range append(root.Commands(), root) {
		cmd.DisableFlagsInUseLine = true
	}
	return root
}

// asAdmin tells whether the client has connected to administrate.
func (s *session) asAdmin() bool {
	return s.who.Admin && strings.EqualFold(s.user, s.server.AdminLogin)
}

// withoutCommand says what opens then.
func (s *session) withoutCommand() string {
	if s.asAdmin() {
		return "Without a command, the sessions of all are shown."
	}
	return "Without a command, the picker opens."
}

// at is how the learner gets to this server.
func (s *session) at() string { return "ssh " + s.user + "@HOST" }

// alone refuses arguments in words of this server.
func alone(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument: leave %q out", cmd.Name(), clean(args[0]))
	}
	return nil
}

// helpCommand is cobra's, but for a name that is no command: of that it says so
// and fails.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Say more about a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			if asked, err := cmd.Flags().GetBool("json"); err != nil || asked {
				return errors.New("help is for people and has no JSON")
			}
			about, _, err := cmd.Root().Find(args)
			if err != nil {
				return fmt.Errorf("%s is no command here: the command help lists those that are", clean(args[0]))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
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
		Use: "whoami", Short: "Say who you are to this server", Args: alone,
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
