package tui

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// extensions are the choices of how much longer a session may last.
var extensions = []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour}

// maxExtension bounds one that is typed, so that a slip of a finger makes no
// session that lasts for weeks.
const maxExtension = 24 * time.Hour

// extension asks how much longer a session may last.
type extension struct {
	admin  *Admin
	guest  guest
	cursor int   // an index into extensions, or behind them for own
	own    entry // such as 45m
}

func newExtension(a *Admin, g guest) *extension {
	return &extension{admin: a, guest: g, cursor: 1, own: entry{limit: 10}}
}

func (e *extension) title() string       { return "Extend" }
func (e *extension) rows() *list         { return nil }
func (e *extension) keys() []key.Binding { return []key.Binding{keyGive, keyEscape} }

func (e *extension) typed() *entry {
	if e.cursor == len(extensions) {
		return &e.own
	}
	return nil
}

func (e *extension) press(a *Admin, k tea.KeyPressMsg) tea.Cmd {
	own := e.typed() != nil
	switch {
	case key.Matches(k, keyEscape):
		a.back()
	case key.Matches(k, keyGive):
		return e.give(a)
	case key.Matches(k, keyTypedUp), !own && key.Matches(k, keyUp):
		e.cursor = max(0, e.cursor-1)
	case key.Matches(k, keyTypedDown), !own && key.Matches(k, keyDown):
		e.cursor = min(len(extensions), e.cursor+1)
	case own:
		e.own.press(k)
	case k.Text != "" && strings.Contains("0123456789", k.Text):
		e.cursor = len(extensions)
		e.own.press(k)
	}
	return nil
}

// chosen is the extension under the cursor.
func (e *extension) chosen() (time.Duration, error) {
	if e.cursor < len(extensions) {
		return extensions[e.cursor], nil
	}
	return parseExtension(e.own.text)
}

// parseExtension reads what was typed; a number alone is minutes.
func parseExtension(text string) (time.Duration, error) {
	text = strings.ToLower(strings.ReplaceAll(text, " ", ""))
	text = strings.TrimSuffix(text, "in") // min
	d, err := time.ParseDuration(text)
	if n, e := strconv.Atoi(text); e == nil {
		d, err = time.Duration(min(max(n, 0), int(2*maxExtension/time.Minute)))*time.Minute, nil
	}
	switch {
	case err != nil:
		return 0, errors.New("type a time such as 45m or 1h30m")
	case d < time.Minute || d > maxExtension:
		return 0, errors.New("type a time from 1m to 24h")
	}
	return d, nil
}

// until is the new end of the session with d more.
func (e *extension) until(d time.Duration, now time.Time) time.Time {
	end := e.guest.Expires
	if end.Before(now) {
		end = now.In(end.Location())
	}
	return end.Add(d)
}

// refresh takes what is known of the session now: somebody else may have extended
// it too.
func (e *extension) refresh() {
	if g := e.admin.seats.find(e.guest.Session); g != nil {
		e.guest = *g
	}
}

// latest is the latest end that the session can have, zero where that is not
// known.
func (e *extension) latest() time.Time {
	if e.guest.MostLeft <= 0 {
		return time.Time{}
	}
	return e.admin.loaded.Add(e.guest.MostLeft).In(e.guest.Expires.Location())
}

// tooLate reports whether the session cannot last so long.
func (e *extension) tooLate(end time.Time) bool {
	latest := e.latest()
	return !latest.IsZero() && end.After(latest)
}

func (e *extension) give(a *Admin) tea.Cmd {
	d, err := e.chosen()
	if err != nil {
		a.hint = sentence(err, "")
		return nil
	}
	e.refresh()
	now := a.now()
	end := e.until(d, now)
	if e.tooLate(end) {
		a.hint = "It can last until " + clockTime(e.latest(), now, "") + " at most."
		return nil
	}
	whose, session := e.guest.whose(), e.guest.Session
	return a.do(deed{
		name: "Extending " + whose,
		call: func(ctx context.Context) error { return a.options.Extend(ctx, session, end.Sub(now)) },
		done: func() string { return whose + " ends at " + clockTime(end, now, "") + " now." },
	})
}

func (e *extension) lines(p page) []string {
	e.refresh()
	t := p.theme
	f := newForm(p)
	f.blank()
	f.say(t.strong, "How much longer may "+e.guest.whose()+" last?")
	if end := e.guest.Expires; !end.IsZero() {
		f.say(t.faded, "It ends at "+clockTime(end, p.now, "")+" "+end.Format("MST")+", in "+minutes(end.Sub(p.now))+".")
	}
	if latest := e.latest(); !latest.IsZero() {
		f.say(t.faded, "It can last until "+clockTime(latest, p.now, "")+" at most.")
	}
	f.gap()
	for i := range len(extensions) + 1 {
		mark, style := "  ", t.plain
		if i == e.cursor {
			mark, style = t.selected.Render(look.SignCursor)+" ", t.selected
		}
		until := ""
		if i < len(extensions) {
			until = e.outcome(extensions[i], p.now, f.width-beforeOutcome)
			f.add(mark + style.Render(look.Fill(minutes(extensions[i]), 18)) + t.faded.Render(until))
			continue
		}
		if d, err := parseExtension(e.own.text); err == nil {
			until = e.outcome(d, p.now, f.width-beforeOutcome)
		} else if e.own.text == "" {
			until = "such as 45m"
		}
		shown, column := e.own.shown(11)
		if i == e.cursor {
			f.caret.put(1+2+len("other: ")+column, len(f.out))
		}
		f.add(mark + style.Render("other: ") + look.Fill(shown, 11) + t.faded.Render(until))
	}
	return f.out
}

// beforeOutcome is the width of what stands before the outcome of a choice.
const beforeOutcome = 2 + 18

// outcome says in width columns what comes of d more. It is the time of the day
// that one compares, so the day is what is left out first.
func (e *extension) outcome(d time.Duration, now time.Time, width int) string {
	end := e.until(d, now)
	if e.tooLate(end) {
		return "too long"
	}
	words := "ends at " + clockTime(end, now, "")
	for _, shorter := range []string{"ends at " + end.Format("15:04"), end.Format("15:04")} {
		if lipgloss.Width(words) > width {
			words = shorter
		}
	}
	return words
}
