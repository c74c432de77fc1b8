package gateway

import (
	"context"
	"fmt"
	"strings"

	"lectern/sandbox"
)

// find gives the one session that is meant: by its id, the beginning of that, or
// its learner.
func (a admin) find(ctx context.Context, name string) (sandbox.Info, error) {
	if err := a.may(ctx); err != nil {
		return sandbox.Info{}, err
	}
	live, err := a.server.lifecycle.List(ctx)
	if err != nil {
		return sandbox.Info{}, fmt.Errorf("list the sessions: %w", err)
	}
	info, err := oneOf(live, name)
	if err != nil || info.Epoch == 0 {
		if waits := a.server.notYet(name); waits != nil {
			return sandbox.Info{}, waits
		}
	}
	return info, err
}

// notYet is an error where a name, as of find, is that of somebody whose sandbox
// is not there yet.
func (s *Server) notYet(name string) error {
	for _, a := range s.lifecycle.Arrivals() {
		if strings.EqualFold(a.Login, name) || len(name) >= leastOfID && strings.HasPrefix(a.Session, strings.ToLower(name)) {
			return fmt.Errorf("the session of %s is still being started, or waits for a place: try again once it runs", a.Login)
		}
	}
	return nil
}

// leastOfID is how much of a session's id stands for it.
const leastOfID = 4

func oneOf(live []sandbox.Info, name string) (sandbox.Info, error) {
	var meant []sandbox.Info
	for _, info := range live {
		if strings.EqualFold(info.Login, name) || info.Session == name {
			return info, nil
		}
		if len(name) >= leastOfID && strings.HasPrefix(info.Session, strings.ToLower(name)) {
			meant = append(meant, info)
		}
	}
	switch len(meant) {
	case 0:
		return sandbox.Info{}, fmt.Errorf("there is no session %s (it may have ended): the command sessions lists those that are there", clean(name))
	case 1:
		return meant[0], nil
	}
	return sandbox.Info{}, fmt.Errorf("%s is the beginning of %d sessions: give more of it", clean(name), len(meant))
}
