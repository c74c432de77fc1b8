package tui

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

const (
	// loadFor is how long one load may take before it counts as failed.
	loadFor = 10 * time.Second
	// sayFor is how long a notice stays that nobody has to act upon.
	sayFor = 15 * time.Second
)

// beatMsg says that it is time to load, or to draw how old everything is.
type beatMsg struct{}

// loadedMsg is the end of a load.
type loadedMsg struct {
	room Room
	err  error
	at   time.Time
}

// beat waits for the next load.
func (a *Admin) beat() tea.Cmd {
	_, cmd := a.crew.begin(func(ctx context.Context) tea.Msg {
		timer := time.NewTimer(a.options.Every)
		defer timer.Stop()
		select {
		case <-timer.C:
			return beatMsg{}
		case <-ctx.Done():
			return nil
		}
	})
	return cmd
}

func (a *Admin) onBeat() tea.Cmd {
	if a.notice.Kind != Bad && a.now().Sub(a.said) > sayFor {
		a.notice = Notice{}
	}
	if a.loading { // it takes its time; what is drawn now says how old it is
		return a.beat()
	}
	return tea.Batch(a.load(), a.beat())
}

// load loads the room, or once more after the load that is running, which may
// have looked before whatever gave the reason.
func (a *Admin) load() tea.Cmd {
	if a.loading {
		a.again = true
		return nil
	}
	a.loading, a.again = true, false
	_, cmd := a.crew.begin(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeoutCause(ctx, loadFor, errSlow)
		defer cancel()
		room, err := a.options.Load(ctx)
		if err != nil && context.Cause(ctx) == errSlow {
			err = errSlow
		}
		return loadedMsg{room.cleaned(), err, a.now()}
	})
	return cmd
}

var errSlow = errors.New("the answer takes too long")

func (a *Admin) onLoaded(msg loadedMsg) tea.Cmd {
	a.loading = false
	if errors.Is(msg.err, ErrNoLongerAdmin) {
		return a.end(msg.err)
	}
	if a.fault = msg.err; msg.err == nil {
		a.room, a.loaded = msg.room, msg.at
		a.seats.fill(a.room)
	}
	var more tea.Cmd
	if a.again {
		more = a.load()
	}
	if d, ok := a.top().(*details); ok {
		return tea.Batch(more, d.refresh(a))
	}
	return more
}

// cleaned is the room with every text made safe to lay out. It shares nothing
// that it changes with r.
func (r Room) cleaned() Room {
	r.DoorReason = look.OneLine(r.DoorReason)
	r.Sessions = slices.Clone(r.Sessions)
	for i := range r.Sessions {
		s := &r.Sessions[i]
		clean(&s.Login, &s.CourseTitle, &s.StageTitle, &s.Place, &s.Sandbox)
		s.Watched = slices.Clone(s.Watched)
		for j := range s.Watched {
			clean(&s.Watched[j])
		}
	}
	r.Queue = slices.Clone(r.Queue)
	for i := range r.Queue {
		w := &r.Queue[i]
		clean(&w.Login, &w.CourseTitle, &w.Phase)
	}
	r.Courses = slices.Clone(r.Courses)
	for i := range r.Courses {
		c := &r.Courses[i]
		clean(&c.Title)
		c.Stages = slices.Clone(c.Stages)
		for j := range c.Stages {
			clean(&c.Stages[j].Title)
		}
	}
	return r
}

func clean(texts ...*string) {
	for _, s := range texts {
		*s = look.OneLine(*s)
	}
}
