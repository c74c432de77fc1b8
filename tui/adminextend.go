package tui

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

// extensions are the choices of how much longer a session may last.
var extensions = []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour}

// maxExtension bounds one that is typed, so that a slip of a finger makes no
// session that lasts for weeks.
const maxExtension = 24 * time.Hour

// extension asks how much longer a session may last.
type extension struct {
	guest  guest
	cursor int   // an index into extensions, or behind them for own
	own    entry // such as 45m
}

func newExtension(g guest) *extension {
	return &extension{guest: g, cursor: 1, own: entry{limit: 10}}
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

func (e *extension) give(a *Admin) tea.Cmd {
	d, err := e.chosen()
	if err != nil {
		a.hint = sentence(err, "")
		return nil
	}
	// By the newest that is known of it: somebody else may have done so too.
	if g := a.seats.find(e.guest.Session); g != nil {
		e.guest = *g
	}
	now := a.now()
	end := e.until(d, now)
	whose, session := e.guest.whose(), e.guest.Session
	return a.do(deed{
		name: "Extending " + whose,
		call: func(ctx context.Context) error { return a.options.Extend(ctx, session, end.Sub(now)) },
		done: func() string { return whose + " ends at " + clockTime(end, now, "") + " now." },
	})
}

func (e *extension) lines(p page) []string {
	t := p.theme
	f := newForm(p)
	f.blank()
	f.say(t.strong, "How much longer may "+e.guest.whose()+" last?")
	if end := e.guest.Expires; !end.IsZero() {
		f.say(t.faded, "It ends at "+clockTime(end, p.now, "")+" "+end.Format("MST")+", in "+minutes(end.Sub(p.now))+".")
	}
	f.gap()
	for i := range len(extensions) + 1 {
		mark, style := "  ", t.plain
		if i == e.cursor {
			mark, style = t.selected.Render(look.SignCursor)+" ", t.selected
		}
		until := ""
		if i < len(extensions) {
			until = "ends at " + clockTime(e.until(extensions[i], p.now), p.now, "")
			f.add(mark + style.Render(look.Fill(minutes(extensions[i]), 18)) + t.faded.Render(until))
			continue
		}
		if d, err := parseExtension(e.own.text); err == nil {
			until = "ends at " + clockTime(e.until(d, p.now), p.now, "")
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
