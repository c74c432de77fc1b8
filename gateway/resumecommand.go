package gateway

import (
	"errors"

	"github.com/spf13/cobra"

	"lectern/sandbox"
	"lectern/tui"
)

// resumeCommand goes back into one session, and into the picker where that has
// ended meanwhile: the browser page comes back so after it has lost its link.
func (s *session) resumeCommand(status *int) *cobra.Command {
	return &cobra.Command{
		Use: "resume SESSION", Hidden: true, Args: exactly(1, "name one session of yours"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !s.hasPTY {
				return errors.New("resume needs a terminal: connect with ssh -t")
			}
			sb, err := s.server.sessionOf(cmd.Context(), s.who.Login, args[0])
			switch {
			case errors.Is(err, sandbox.ErrGone):
				*status = s.loop(tui.Notice{Kind: tui.Info, Text: "That session has ended. What you have done is kept: choose the stage again to go on."}, nil)
				return nil
			case err != nil: // it may be there all the same
				s.server.log.Error("could not look for a session to go back into", "login", s.who.Login, "error", err)
				s.say("Your session cannot be reached just now. Trying again in a moment.")
				*status = statusRestart
				return nil
			}
			made := sb.Made()
			s.studied = tui.Place{CourseID: made.CourseID, Stage: made.Stage}
			*status = s.loop(tui.Notice{}, sb)
			return nil
		},
	}
}
