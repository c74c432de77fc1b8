package tui

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

// question asks before something is done. Only y does it.
type question struct {
	head  string
	asks  string
	notes []string // paragraphs below the question
	yes   string   // what y does
	deed  deed
	gone  func() bool // whether there is nothing left to do it with; may be nil
}

func (q *question) title() string { return q.head }
func (q *question) rows() *list   { return nil }
func (q *question) typed() *entry { return nil }

func (q *question) keys() []key.Binding {
	yes := key.NewBinding(key.WithKeys("y"), key.WithHelp("y", q.yes))
	return []key.Binding{keyNo, yes}
}

func (q *question) press(a *Admin, k tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(k, keyYes):
		return a.do(q.deed)
	case key.Matches(k, keyNo):
		a.back()
	}
	return nil
}

func (q *question) lines(p page) []string {
	f := newForm(p)
	f.blank()
	f.say(p.theme.strong, q.asks)
	if q.gone != nil && q.gone() {
		f.say(p.theme.bad, "It has ended meanwhile.")
	}
	f.gap()
	f.add(f.option("Enter", "no, go back")...)
	f.add(f.option("y", q.yes)...)
	for _, note := range q.notes {
		f.gap()
		f.say(p.theme.faded, note)
	}
	return f.out
}

// askKill asks whether to end a session.
func (a *Admin) askKill(g guest) {
	q := &question{
		head: "End a session?",
		asks: "End " + g.whose() + " in " + look.OneLine(g.CourseTitle) + "?",
		yes:  "end it",
		gone: func() bool { return a.seats.find(g.Session) == nil },
		deed: deed{
			name: "Ending " + g.whose(),
			call: func(ctx context.Context) error { return a.options.Kill(ctx, g.Session) },
			done: func() string { return g.whose() + " was ended." },
		},
	}
	q.notes = []string{g.Login + " is told who ended it. What is not finished in the stage is lost; stages that are done stay done."}
	if g.Mine {
		q.asks = "This session is yours. End it?"
		q.deed.done = func() string { return "Your own session was ended." }
		q.notes = []string{"What is not finished in the stage is lost; stages that are done stay done."}
	}
	a.open(q)
}

// askDoor asks whether to close the door, or to open it again.
func (a *Admin) askDoor() {
	closes := !a.room.DoorClosed
	q := &question{
		head: "Open the door?", asks: "Let learners start sessions again?", yes: "open the door",
		notes: []string{"Whoever comes from now on gets a session as usual."},
		deed: deed{
			name: "Opening the door",
			call: func(ctx context.Context) error { return a.options.SetDoor(ctx, closes) },
			done: func() string { return "The door is open." },
		},
	}
	if closes {
		q.head, q.asks, q.yes = "Close the door?", "Close the door to new sessions?", "close the door"
		q.notes = []string{"Nobody gets a new session until it is opened again. Who has one keeps it."}
		if n := a.room.queued(); n > 0 {
			q.notes = append(q.notes, count(n, "learner waits", "learners wait")+" for a place and will get none.")
		}
		q.deed.name = "Closing the door"
		q.deed.done = func() string { return "The door is closed to new sessions." }
	}
	a.open(q)
}
