package tui

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

// maxReason bounds a reason, in letters: learners read it within a sentence that
// has two lines of their screen.
const maxReason = 100

// question asks before something is done. Only y does it.
type question struct {
	head  string
	asks  string
	notes []string // paragraphs below the question
	yes   string   // what y does
	deed  deed
	gone  func() bool // whether there is nothing left to do it with; may be nil
	// why is what the deed calls where a reason may be given with it, nil where
	// none may.
	why    func(ctx context.Context, reason string) error
	reason entry
	typing bool // letters go into the reason, and y is one of them
}

func (q *question) title() string { return q.head }
func (q *question) rows() *list   { return nil }

func (q *question) typed() *entry {
	if q.typing {
		return &q.reason
	}
	return nil
}

func (q *question) keys() []key.Binding {
	if q.typing {
		return []key.Binding{keyReasoned, keyClear}
	}
	yes := key.NewBinding(key.WithKeys("y"), key.WithHelp("y", q.yes))
	if q.why == nil {
		return []key.Binding{keyNo, yes}
	}
	return []key.Binding{keyNo, yes, keyReason}
}

func (q *question) press(a *Admin, k tea.KeyPressMsg) tea.Cmd {
	switch {
	case q.typing:
		q.write(k)
	case key.Matches(k, keyYes):
		return a.do(q.answered())
	case key.Matches(k, keyNo):
		a.back()
	case q.why != nil && key.Matches(k, keyReason):
		q.typing, q.reason.limit = true, maxReason
	}
	return nil
}

// write handles a key while the reason is typed. None of them answers the
// question.
func (q *question) write(k tea.KeyPressMsg) {
	switch {
	case key.Matches(k, keyReasoned):
		q.typing = false
	case key.Matches(k, keyClear):
		q.typing = false
		q.reason.set("")
	default:
		q.reason.press(k)
	}
}

// answered is the deed, with the reason that is given for it.
func (q *question) answered() deed {
	d, reason := q.deed, strings.TrimSpace(q.reason.text)
	if q.why != nil {
		d.call = func(ctx context.Context) error { return q.why(ctx, reason) }
	}
	return d
}

// lines leaves out the blank lines where that makes room for the words.
func (q *question) lines(p page) []string {
	f := newForm(p)
	q.fill(f)
	if len(f.out) > p.height {
		f = newForm(p)
		f.tight = true
		q.fill(f)
	}
	return f.out
}

func (q *question) fill(f *form) {
	t := f.theme
	f.blank()
	f.say(t.strong, q.asks)
	if q.gone != nil && q.gone() {
		f.say(t.bad, "It has ended meanwhile.")
	}
	f.gap()
	f.add(f.option("Enter", "no, go back")...)
	f.add(f.option("y", q.yes)...)
	const label = "Reason: "
	switch {
	case q.typing:
		f.entry(t.selected.Render(look.Fill(look.SignCursor, 8))+label, &q.reason)
	case q.reason.text != "":
		reason := f.option("r", label+q.reason.text)
		if f.tight {
			reason = shorten(reason, 1, f.width)
		}
		f.add(reason...)
	case q.why != nil:
		f.add(f.option("r", "give a reason (optional)")...)
	}
	for _, note := range q.notes {
		f.gap()
		f.say(t.faded, note)
	}
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
			done: func() string { return g.whose() + " was ended." },
		},
		why: func(ctx context.Context, reason string) error { return a.options.Kill(ctx, g.Session, reason) },
	}
	q.notes = []string{
		g.Login + " is told who ended it, and the reason.",
		"What they have finished is kept, and they may start the stage again where they were. The place becomes free for who waits.",
	}
	if g.Mine {
		q.asks = "This session is yours. End it?"
		q.deed.done = func() string { return "Your own session was ended." }
		q.notes = []string{"What you have finished is kept, and you may start the stage again where you were. The place becomes free for who waits."}
		// There is nobody else to tell.
		q.deed.call, q.why = func(ctx context.Context) error { return a.options.Kill(ctx, g.Session, "") }, nil
	}
	a.open(q)
}

// askDoor asks whether to close the door, or to open it again.
func (a *Admin) askDoor() {
	if a.room.DoorClosed {
		a.open(&question{
			head: "Open the door?", asks: "Let learners start sessions again?", yes: "open the door",
			notes: []string{"Whoever comes from now on gets a session as usual."},
			deed: deed{
				name: "Opening the door",
				call: func(ctx context.Context) error { return a.options.SetDoor(ctx, false, "") },
				done: func() string { return "The door is open." },
			},
		})
		return
	}
	q := &question{
		head: "Close the door?", asks: "Close the door to new sessions?", yes: "close the door",
		notes: []string{"Nobody gets a new session until it is opened again. Who has one keeps it. Who comes is told the reason."},
		deed: deed{
			name: "Closing the door",
			done: func() string { return "The door is closed to new sessions." },
		},
		why: func(ctx context.Context, reason string) error { return a.options.SetDoor(ctx, true, reason) },
	}
	if n := a.room.queued(); n > 0 {
		q.notes = append(q.notes, count(n, "learner waits", "learners wait")+" for a place and will get none.")
	}
	a.open(q)
}
