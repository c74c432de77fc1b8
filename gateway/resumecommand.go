package gateway

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"lectern/sandbox"
	"lectern/tui"
)

// resumeCommand goes back into one session, and into the picker where that has
// ended meanwhile: the browser page comes back so after it has lost its link. It
// does so by itself, with nobody at it maybe, and then gives the epoch that it had:
// a terminal that is used elsewhere by now is left there.
func (s *session) resumeCommand(status *int) *cobra.Command {
	return &cobra.Command{
		Use: "resume SESSION [EPOCH]", Hidden: true, Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return errors.New("name one session of yours, and where you come back to it the epoch that you had")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !s.hasPTY {
				return errors.New("resume needs a terminal: connect with ssh -t")
			}
			epoch := 0
			if len(args) > 1 {
				var err error
				if epoch, err = strconv.Atoi(args[1]); err != nil || epoch < 1 {
					return fmt.Errorf("%q is no epoch: give a number that you have been told", clean(args[1]))
				}
			}
			sb, err := s.server.sessionOf(cmd.Context(), s.who.Login, args[0])
			switch {
			case errors.Is(err, sandbox.ErrGone):
				*status = s.loop(tui.Notice{Kind: tui.Info, Text: "That session has ended. What you have done is kept: choose the stage again to go on."}, nil, 0)
				return nil
			case err != nil: // it may be there all the same
				s.server.log.Error("could not look for a session to go back into", "login", s.who.Login, "error", err)
				s.say("Your session cannot be reached just now. Trying again in a moment.")
				*status = statusRestart
				return nil
			}
			made := sb.Made()
			s.studied = tui.Place{CourseID: made.CourseID, Stage: made.Stage}
			*status = s.loop(tui.Notice{}, sb, epoch)
			return nil
		},
	}
}
