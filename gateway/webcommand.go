package gateway

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"lectern/web/api"
)

// webCommand gives the link that signs a browser in. It goes from here to the
// browser and never the other way round, since a learner can be talked into
// confirming somebody else's sign-in.
func (s *session) webCommand() *cobra.Command {
	var list, revoke bool
	cmd := &cobra.Command{
		Use: "web", Short: "Print a link that opens this in your browser, once; or sign browsers out",
		Annotations: map[string]string{usageLine: s.at() + " web [--list | --revoke [BROWSER]]"},
		Hidden:      s.server.Desk == nil,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && !revoke {
				return errors.New("web takes no argument, but web --revoke one of the browsers that web --list shows")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case s.server.Desk == nil:
				return errors.New("this gateway has no page for browsers")
			case list && revoke:
				return errors.New("list browsers or revoke one, not both at once")
			case list:
				return s.listBrowsers(cmd)
			case revoke:
				return s.revokeBrowsers(cmd, args)
			}
			link, err := s.server.Desk.Invite(s.who)
			if err != nil {
				return err
			}
			return print(cmd, link, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "Open this link in your browser within %s. It works once.\n\n    %s\n\n", spoken(time.Until(link.Expires)), link.URL)
			})
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list the browsers that are signed in as you")
	cmd.Flags().BoolVar(&revoke, "revoke", false, "sign a browser out, or all of yours")
	return cmd
}

func (s *session) listBrowsers(cmd *cobra.Command) error {
	browsers, err := s.server.Desk.Browsers(s.who.Login)
	if err != nil {
		return err
	}
	if browsers == nil {
		browsers = []api.Browser{}
	}
	return print(cmd, browsers, func(w io.Writer) {
		if len(browsers) == 0 {
			_, _ = fmt.Fprintln(w, "No browser is signed in as you.")
		}
		for _, b := range browsers {
			_, _ = fmt.Fprintf(w, "%s\tsigned in %s ago\tseen %s ago\t%s\t%s\n",
				b.ID, short(time.Since(b.SignedIn)), short(time.Since(b.LastSeen)), clean(b.From), clean(b.Agent))
		}
	})
}

func (s *session) revokeBrowsers(cmd *cobra.Command, args []string) error {
	id := ""
	if len(args) == 1 {
		id = args[0]
	}
	gone, err := s.server.Desk.Revoke(s.who.Login, id)
	if err != nil {
		return err
	}
	s.recordRevoked(gone)
	n := len(gone)
	if n == 0 && id != "" {
		return fmt.Errorf("no browser %s is signed in as you: web --list shows those that are", clean(id))
	}
	answer := struct {
		Revoked int `json:"revoked"`
	}{n}
	return print(cmd, answer, func(w io.Writer) {
		switch n {
		case 0:
			_, _ = fmt.Fprintln(w, "No browser is signed in as you.")
		case 1:
			_, _ = fmt.Fprintln(w, "The browser is signed out.")
		default:
			_, _ = fmt.Fprintf(w, "%d browsers are signed out.\n", n)
		}
	})
}
