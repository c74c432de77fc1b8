package tui

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// guest is one line of the table: a session, or one who waits for theirs.
type guest struct {
	Seat
	waits    bool
	since    time.Time // of one who waits
	position int
	length   int // of the queue
	phase    string
}

// guests are all of the room.
func (r *Room) guests() []guest {
	out := make([]guest, 0, len(r.Sessions)+len(r.Queue))
	for _, s := range r.Sessions {
		out = append(out, guest{Seat: s})
	}
	length := 0
	for _, w := range r.Queue {
		length = max(length, w.Position)
	}
	for _, w := range r.Queue {
		out = append(out, guest{
			Seat: Seat{
				Session: w.Session, Login: w.Login, CourseID: w.CourseID, CourseTitle: w.CourseTitle, Stage: w.Stage,
				StageTitle: r.stageTitle(w.CourseID, w.Stage),
			},
			waits: true, since: w.Since, position: w.Position, length: length, phase: w.Phase,
		})
	}
	return out
}

// queued is how many wait for a place.
func (r *Room) queued() int {
	n := 0
	for _, w := range r.Queue {
		if w.Position > 0 {
			n++
		}
	}
	return n
}

func (r *Room) stageTitle(courseID string, stage int) string {
	for _, c := range r.Courses {
		if c.ID != courseID {
			continue
		}
		for _, s := range c.Stages {
			if s.Number == stage {
				return s.Title
			}
		}
	}
	return ""
}

// condition is what a guest is doing, in the order in which they are sorted by it.
type condition int

const (
	silent condition = iota
	connected
	away
	making
	queued
)

func (g *guest) condition() condition {
	switch {
	case g.waits && g.position > 0:
		return queued
	case g.waits:
		return making
	case g.Silent:
		return silent
	case g.Connected:
		return connected
	}
	return away
}

// signOfGuest says what a guest is doing in a sign and a few words.
func (t *theme) signOfGuest(g *guest, now time.Time) (sign, words string, style lipgloss.Style) {
	switch g.condition() {
	case silent:
		return look.SignFailed, "silent", t.bad
	case connected:
		return signConnected, "connected", t.done
	case making:
		return signOpen, cmp.Or(g.phase, "starting"), t.open
	case queued:
		return signLocked, "queued " + strconv.Itoa(g.position) + "/" + strconv.Itoa(g.length), t.faded
	}
	words = "away"
	if lasted := ago(now, g.DetachedAt); lasted != "" {
		words += " " + lasted
	}
	return signAway, words, t.faded
}

// begin is since when a guest has been there, typedAt when they typed last; zero
// where that is not known.
func (g *guest) begin() time.Time {
	if g.waits {
		return g.since
	}
	return g.Started
}

func (g *guest) typedAt() time.Time {
	if g.waits || g.Silent {
		return time.Time{}
	}
	return g.LastInput
}

func (g *guest) tokens() string {
	if g.waits || g.Tokens <= 0 {
		return ""
	}
	return compact(g.Tokens)
}

// name is the learner, and whether that is the instructor who looks.
func (g *guest) name() string {
	if g.Mine {
		return g.Login + " (you)"
	}
	return g.Login
}

// whose is the learner's session in a sentence.
func (g *guest) whose() string {
	if g.Mine {
		return "your own session"
	}
	return g.Login + "'s session"
}

// found reports whether a filter finds the guest.
func (g *guest) found(f *filter, t *theme) bool {
	if f.text == "" {
		return true
	}
	_, words, _ := t.signOfGuest(g, time.Time{})
	return f.matches(g.Login, g.CourseTitle, g.Place, words)
}

// ago is how long something has lasted in few columns. A clock that was set
// back makes it no less than nothing.
func ago(now, since time.Time) string {
	if since.IsZero() {
		return ""
	}
	return brief(now.Sub(since))
}

// brief is a duration in at most five columns, up to three years.
func brief(d time.Duration) string {
	n := func(unit time.Duration) string { return strconv.FormatInt(int64(d/unit), 10) }
	rest := func(unit, of time.Duration) int64 { return int64(d % of / unit) }
	switch d = max(d, 0); {
	case d < time.Minute:
		return n(time.Second) + "s"
	case d < time.Hour:
		return n(time.Minute) + "m"
	case d < 10*time.Hour:
		if m := rest(time.Minute, time.Hour); m > 0 {
			return fmt.Sprintf("%sh%02dm", n(time.Hour), m)
		}
		return n(time.Hour) + "h"
	}
	const day = 24 * time.Hour
	switch h := rest(time.Hour, day); {
	case d < day:
		return n(time.Hour) + "h"
	case h > 0 && d < 10*day:
		return fmt.Sprintf("%sd%02dh", n(day), h)
	}
	return n(day) + "d"
}
