package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"lectern/gateway/audit"
	"lectern/gateway/auth"
	"lectern/sandbox"
	"lectern/tui"
)

// administrate shows the sessions of all, and what can be done about them, until
// the admin leaves.
func (s *session) administrate() int {
	a := s.admin()
	size, newer, stop := s.window.follow()
	defer stop()
	size = forPicker(size)
	screen := tui.NewAdmin(tui.AdminOptions{
		Login: s.who.Login,
		Load:  a.load,
		Kill: func(ctx context.Context, session, reason string) error {
			return ofScreen(a.kill(ctx, session, reason))
		},
		Message: func(ctx context.Context, session, text string) error {
			if session != "" {
				return ofScreen(a.message(ctx, session, text))
			}
			told, all, err := a.messageAll(ctx, text)
			if err == nil && told < all {
				err = fmt.Errorf("%d of %d sessions have it; the others may have ended", told, all)
			}
			return ofScreen(err)
		},
		Extend: func(ctx context.Context, session string, left time.Duration) error {
			return ofScreen(a.extendTo(ctx, session, left))
		},
		Done: a.finished,
		Grant: func(ctx context.Context, login, courseID string, stage int) error {
			recorded, err := a.grant(ctx, login, courseID, stage)
			if err == nil && !recorded {
				err = fmt.Errorf("%s has completed that stage already", login)
			}
			return ofScreen(err)
		},
		SetDoor: func(ctx context.Context, closed bool, reason string) error {
			_, err := a.setDoor(ctx, closed, reason)
			return ofScreen(err)
		},
		Events: a.events,
		Watch:  a.watch,
		Width:  size.Cols, Height: size.Rows,
		Background: s.background,
	})
	defer screen.Close()
	err := s.show(screen, size, newer)
	if cause := context.Cause(s.ctx); cause != nil {
		return s.farewell(cause)
	}
	var no *NoLongerAdmin
	switch {
	case errors.As(screen.Err(), &no):
		return s.refuse("%s", harmless(no.Error()))
	case screen.Err() != nil:
		return s.farewell(screen.Err())
	case err != nil:
		return s.farewell(fmt.Errorf("show the sessions: %w", err))
	}
	return 0
}

// ofScreen gives the screen's own errors for those that it knows.
func ofScreen(err error) error {
	var no *NoLongerAdmin
	switch {
	case errors.As(err, &no):
		return fmt.Errorf("%w: %w", tui.ErrNoLongerAdmin, err)
	case errors.Is(err, errEnded):
		return tui.ErrEnded
	}
	return err
}

// load puts together what the screen shows.
func (a admin) load(ctx context.Context) (tui.Room, error) {
	if err := a.may(ctx); err != nil {
		return tui.Room{}, ofScreen(err)
	}
	views, err := a.server.room(ctx)
	if err != nil {
		return tui.Room{}, err
	}
	room := tui.Room{Places: a.server.MaxSessions}
	room.DoorReason, room.DoorClosed = a.server.lifecycle.Door()
	for _, v := range views {
		switch v.State {
		case stateQueued, stateStarting:
			room.Queue = append(room.Queue, tui.Waiter{
				Session: v.Session, Login: v.Login, CourseID: v.Course, CourseTitle: v.CourseTitle, Stage: v.Stage,
				Since: v.Since, Position: v.Position, Phase: v.Phase,
			})
		default:
			room.Sessions = append(room.Sessions, a.seat(v))
		}
	}
	for _, c := range a.server.Courses.All() {
		room.Courses = append(room.Courses, viewOf(c, nil, a.server.Unlock))
	}
	return room, nil
}

func (a admin) seat(v sessionView) tui.Seat {
	return tui.Seat{
		Session: v.Session, Login: v.Login, CourseID: v.Course, CourseTitle: v.CourseTitle, Stage: v.Stage, StageTitle: v.StageTitle,
		Connected: v.State == stateConnected, Silent: v.State == stateSilent,
		DetachedAt: orZero(v.DetachedAt), Started: v.Since, Expires: orZero(v.Expires), LastInput: orZero(v.LastInput),
		Place: v.Place, Sandbox: v.Sandbox, Tokens: v.Tokens, Watched: v.Watched, Mine: v.Login == a.who.Login,
	}
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// finished gives the stages that a learner has completed, by course.
func (a admin) finished(ctx context.Context, login string) (map[string][]int, error) {
	if err := a.may(ctx); err != nil {
		return nil, ofScreen(err)
	}
	login, err := auth.ParseLogin(login)
	if err != nil {
		return nil, fmt.Errorf("that is nobody's login: %w", err)
	}
	records, err := a.server.Progress.Learner(login)
	if err != nil {
		return nil, fmt.Errorf("read what %s has completed: %w", login, err)
	}
	stages := make(map[string][]int, len(records))
	for id, ofCourse := range records {
		for _, r := range ofCourse {
			stages[id] = append(stages[id], r.Stage)
		}
	}
	return stages, nil
}

// watch shows the terminal of a session, and the learner that it does, until ctx
// ends. What the admin types goes nowhere near it.
func (a admin) watch(ctx context.Context, session string, out io.Writer, sized func(cols, rows int)) (ending string, err error) {
	err = a.reach(ctx, session, func(sb sandbox.Sandbox) error {
		silence, nobody := io.Pipe()
		defer func() { _ = nobody.Close() }()
		a.server.log.Info("an admin watches a session", "by", a.who.Login, "session", session)
		a.record(audit.WatchBegan, sb.Made(), "")
		defer a.record(audit.WatchEnded, sb.Made(), "")
		exit, err := sb.Attach(ctx, sandbox.Watch, sandbox.Terminal{
			In: silence, Out: out, Watcher: a.who.Login,
			Sized: func(size sandbox.Size) { sized(size.Cols, size.Rows) },
		})
		switch {
		case err != nil || ctx.Err() != nil:
		case exit.Reason != "":
			ending = exit.Reason
		default:
			ending = "The session has ended."
		}
		return err
	})
	return ending, ofScreen(err)
}

// eventsShown is how much of a session's history the screen has room for.
const eventsShown = 50

// events is the history of a session, the newest last.
func (a admin) events(ctx context.Context, session string) ([]tui.HistoryLine, error) {
	if err := a.may(ctx); err != nil {
		return nil, ofScreen(err)
	}
	recent, err := a.server.Audit.Session(session, eventsShown)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	lines := make([]tui.HistoryLine, 0, len(recent))
	for _, e := range recent {
		lines = append(lines, tui.HistoryLine{At: e.Time, Text: happened(e)})
	}
	slices.SortStableFunc(lines, func(x, y tui.HistoryLine) int { return x.At.Compare(y.At) })
	return lines, nil
}
