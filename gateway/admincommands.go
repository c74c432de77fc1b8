package gateway

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// The commands of those who look after everybody's sessions: ssh admin@host.

// adminCommands are those of admin@, which nobody else has.
func (s *session) adminCommands() []*cobra.Command {
	a := s.admin()
	return []*cobra.Command{
		s.sessionsCommand(a), killCommand(a), messageCommand(a), extendCommand(a), grantCommand(a), doorCommand(a),
	}
}

// forAdmins tells whether a name is a command of admin@.
func (s *session) forAdmins(name string) bool {
	for _, cmd := range s.adminCommands() {
		if cmd.Name() == name {
			return true
		}
	}
	return false
}

// done is what an act has come to, as JSON.
type done struct {
	Session string     `json:"session,omitempty"`
	Login   string     `json:"login,omitempty"`
	Expires *time.Time `json:"expires,omitempty"`
	Told    *int       `json:"told,omitempty"`
	Changed *bool      `json:"changed,omitempty"`
}

func killCommand(a admin) *cobra.Command {
	const says = "kill SESSION [REASON...]"
	return &cobra.Command{
		Use: says, Short: "End a session, by its id or its learner, and tell them the reason",
		Args: atLeast(1, "name one session, by its id or its learner; the command sessions lists them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := a.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := a.kill(cmd.Context(), info.Session, strings.Join(args[1:], " ")); err != nil {
				return fmt.Errorf("%s: %w", info.Login, err)
			}
			return print(cmd, done{Session: info.Session, Login: info.Login}, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "The session of %s has ended.\n", info.Login)
			})
		},
	}
}

// everybody stands for all sessions. It is no login that could be meant, as the
// sessions of a learner of that name are found by their ids.
const everybody = "all"

func messageCommand(a admin) *cobra.Command {
	return &cobra.Command{
		Use: "message SESSION|all TEXT...", Short: "Show a line to one learner, or to all who have a session",
		Args: atLeast(2, "say whom and what, as in: message ada Five minutes left"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := strings.Join(args[1:], " ")
			if args[0] == everybody {
				told, all, err := a.messageAll(cmd.Context(), text)
				if err != nil {
					return err
				}
				if err := print(cmd, done{Told: &told}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "%d of %d sessions have it.\n", told, all)
				}); err != nil || told == all {
					return err
				}
				return fmt.Errorf("%d of %d sessions could not be told: they may have ended", all-told, all)
			}
			info, err := a.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := a.message(cmd.Context(), info.Session, text); err != nil {
				return fmt.Errorf("%s: %w", info.Login, err)
			}
			one := 1
			return print(cmd, done{Session: info.Session, Login: info.Login, Told: &one}, func(w io.Writer) {
				if !info.Attached {
					_, _ = fmt.Fprintf(w, "%s is not connected: it is kept, and shown when they come back.\n", info.Login)
					return
				}
				_, _ = fmt.Fprintf(w, "%s is shown it, after what else is waiting.\n", info.Login)
			})
		},
	}
}

func extendCommand(a admin) *cobra.Command {
	return &cobra.Command{
		Use: "extend SESSION DURATION", Short: "Give a session more time, such as 30m or 1h30m, beyond what it has left",
		Args: exactly(2, "say which and by how much, as in: extend ada 30m"),
		RunE: func(cmd *cobra.Command, args []string) error {
			more, err := time.ParseDuration(args[1])
			if err != nil {
				return fmt.Errorf("%q is no duration: write it as 30m or 1h30m", clean(args[1]))
			}
			info, err := a.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			expires, err := a.extend(cmd.Context(), info.Session, more)
			if err != nil {
				return fmt.Errorf("%s: %w", info.Login, err)
			}
			expires = expires.UTC().Truncate(time.Second)
			return print(cmd, done{Session: info.Session, Login: info.Login, Expires: &expires}, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "The session of %s ends in %s, at %s.\n", info.Login, spoken(time.Until(expires)), expires.Format("15:04 MST"))
			})
		},
	}
}

func grantCommand(a admin) *cobra.Command {
	return &cobra.Command{
		Use: "grant LOGIN COURSE STAGE", Short: "Record a stage as completed by a learner",
		Args: exactly(3, "say to whom, of which course and which stage, as in: grant ada COURSE 2; the command courses lists the courses"),
		RunE: func(cmd *cobra.Command, args []string) error {
			stage, err := strconv.Atoi(args[2])
			if err != nil {
				return fmt.Errorf("%q is no stage: give its number", clean(args[2]))
			}
			stranger := a.server.unknown(args[0])
			recorded, err := a.grant(cmd.Context(), args[0], args[1], stage)
			if err != nil {
				return err
			}
			return print(cmd, done{Login: strings.ToLower(args[0]), Changed: &recorded}, func(w io.Writer) {
				if !recorded {
					_, _ = fmt.Fprintln(w, "That stage was complete already.")
					return
				}
				_, _ = fmt.Fprintf(w, "Stage %d is complete for %s.\n", stage, strings.ToLower(args[0]))
				if stranger {
					_, _ = fmt.Fprintln(w, "That is the first that is known of anybody of this name: look whether it is spelled right.")
				}
			})
		},
	}
}

func doorCommand(a admin) *cobra.Command {
	return &cobra.Command{
		Use: "door [open | close [REASON...]]", Short: "Say whether new sessions are let in, or change it; those that run go on",
		RunE: func(cmd *cobra.Command, args []string) error {
			changed, waited := false, 0
			switch {
			case len(args) == 0:
				if err := a.may(cmd.Context()); err != nil {
					return err
				}
			case args[0] == "open" && len(args) == 1, args[0] == "close":
				waited = a.server.lifecycle.Waiting()
				var err error
				changed, err = a.setDoor(cmd.Context(), args[0] == "close", strings.Join(args[1:], " "))
				if err != nil {
					return err
				}
			default:
				return fmt.Errorf("%s is nothing that a door does: say open, or close and why", clean(strings.Join(args, " ")))
			}
			reason, closed := a.server.lifecycle.Door()
			answer := struct {
				Closed  bool   `json:"closed"`
				Told    string `json:"learnersAreTold,omitempty"`
				Changed bool   `json:"changed"`
				// TurnedAway waited for a place, and were refused.
				TurnedAway int `json:"turnedAway"`
			}{Closed: closed, Told: reason, Changed: changed}
			if changed && closed {
				answer.TurnedAway = waited
			}
			return print(cmd, answer, func(w io.Writer) {
				switch {
				case !closed:
					_, _ = fmt.Fprintln(w, "The door is open: new sessions are let in.")
				case answer.TurnedAway > 0:
					_, _ = fmt.Fprintf(w, "The door is closed, and %d who waited for a place have been told so: %s\n", answer.TurnedAway, reason)
				default:
					_, _ = fmt.Fprintf(w, "The door is closed. Who comes is told: %s\n", reason)
				}
			})
		},
	}
}

// exactly and atLeast refuse other numbers of arguments in words of this server.
func exactly(n int, otherwise string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return errors.New(otherwise)
		}
		return nil
	}
}

func atLeast(n int, otherwise string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < n {
			return errors.New(otherwise)
		}
		return nil
	}
}
