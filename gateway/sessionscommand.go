package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/spf13/cobra"
)

func (s *session) sessionsCommand(a admin) *cobra.Command {
	cmd := &cobra.Command{
		Use: "sessions", Short: "List the sessions and who waits for one; with --watch, a line of JSON for each change", Args: alone,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if follow, err := cmd.Flags().GetBool("watch"); err != nil || follow {
				return s.followRoom(cmd.Context(), a, cmd.OutOrStdout())
			}
			if err := a.may(cmd.Context()); err != nil {
				return err
			}
			views, err := a.server.room(cmd.Context())
			if err != nil {
				return err
			}
			return print(cmd, views, func(w io.Writer) { writeRoom(w, views, time.Now()) })
		},
	}
	cmd.Flags().Bool("watch", false, "go on with a line of JSON for each change, until you leave")
	return cmd
}

func writeRoom(w io.Writer, views []sessionView, now time.Time) {
	if len(views) == 0 {
		_, _ = fmt.Fprintln(w, "No session is there.")
		return
	}
	_, _ = fmt.Fprintln(w, "SESSION\tLEARNER\tCOURSE\tSTAGE\tSTATE\tAGE\tIDLE\tPLACE\tTOKENS TODAY")
	for _, v := range views {
		state, idle := string(v.State), "-"
		switch v.State {
		case stateQueued:
			state = fmt.Sprintf("queued, number %d", v.Position)
		case stateDetached:
			if v.DetachedAt != nil {
				state = "away " + short(now.Sub(*v.DetachedAt))
			}
		}
		if v.LastInput != nil {
			idle = short(now.Sub(*v.LastInput))
		}
		place := v.Place
		if place == "" {
			place = "-"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", v.Session, v.Login, v.Course, v.Stage, state,
			short(now.Sub(v.Since)), idle, place, grouped(v.Tokens))
	}
}

// roomEvent is a line of sessions --watch.
type roomEvent struct {
	At    time.Time     `json:"at"`
	Event roomEventKind `json:"event"`
	sessionView
}

type roomEventKind string

// The events. Those that are there when the watch begins are told as present.
const (
	roomPresent roomEventKind = "present"
	roomCame    roomEventKind = "came"
	roomChanged roomEventKind = "changed"
	roomWent    roomEventKind = "went"
)

// lookEvery is how often the room is looked at for what has changed: no backend
// tells of all of it.
const lookEvery = time.Second

// followRoom writes a line for each change until ctx or the client's input ends.
func (s *session) followRoom(ctx context.Context, a admin, w io.Writer) error {
	lines := json.NewEncoder(w)
	last, kind := map[string]sessionView{}, roomPresent
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := a.may(ctx); err != nil {
			return err
		}
		views, err := a.server.room(ctx)
		if ctx.Err() != nil {
			return nil // the client has left
		}
		if err != nil {
			return err
		}
		now := time.Now().UTC().Truncate(time.Millisecond)
		there := make(map[string]sessionView, len(views))
		for _, v := range views {
			there[v.Session] = v
			before, known := last[v.Session]
			switch {
			case !known:
				err = lines.Encode(roomEvent{now, kind, v})
			case differs(before, v):
				err = lines.Encode(roomEvent{now, roomChanged, v})
			}
			if err != nil {
				return err
			}
		}
		for id, v := range last {
			if _, still := there[id]; !still {
				if err := lines.Encode(roomEvent{now, roomWent, v}); err != nil {
					return err
				}
			}
		}
		last, kind = there, roomCame
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// differs leaves out what changes with every key.
func differs(a, b sessionView) bool {
	a.LastInput, b.LastInput = nil, nil
	return !reflect.DeepEqual(a, b)
}
