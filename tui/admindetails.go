package tui

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// historyEvery is how long it is between two looks at the events of the session
// whose details are open: they come from a file.
const historyEvery = 5 * time.Second

// details is all that is known of one guest, with what happened last.
type details struct {
	admin   *Admin
	guest   guest // as it was when it was there last
	events  []HistoryLine
	fault   error // why the events could not be read
	read    time.Time
	reading bool
	scroll  int
}

// historyMsg is the end of a look at the events.
type historyMsg struct {
	of     *details
	events []HistoryLine
	err    error
}

// inspect opens the details of a guest.
func (a *Admin) inspect(g guest) tea.Cmd {
	d := &details{admin: a, guest: g}
	a.open(d)
	return d.refresh(a)
}

// refresh looks at the events again where it is time to.
func (d *details) refresh(a *Admin) tea.Cmd {
	if passed := a.now().Sub(d.read); d.reading || !d.read.IsZero() && passed >= 0 && passed < historyEvery {
		return nil
	}
	d.reading = true
	session := d.guest.Session
	_, cmd := a.crew.begin(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, loadFor)
		defer cancel()
		events, err := a.options.Events(ctx, session)
		events = slices.Clone(events)
		for i := range events {
			clean(&events[i].Text)
		}
		slices.SortStableFunc(events, func(a, b HistoryLine) int { return b.At.Compare(a.At) })
		return historyMsg{d, events, err}
	})
	return cmd
}

func (d *details) onHistory(a *Admin, msg historyMsg) tea.Cmd {
	d.reading, d.read = false, a.now()
	if errors.Is(msg.err, ErrNoLongerAdmin) {
		return a.end(msg.err)
	}
	if d.fault = msg.err; msg.err == nil {
		d.events = msg.events
	}
	return nil
}

// present is the guest as they are now, and whether they are still there.
func (d *details) present() (*guest, bool) {
	if g := d.admin.seats.find(d.guest.Session); g != nil {
		d.guest = *g
		return g, true
	}
	return &d.guest, false
}

func (d *details) title() string { return d.guest.Login }
func (d *details) rows() *list   { return nil }
func (d *details) typed() *entry { return nil }

func (d *details) keys() []key.Binding {
	if g, there := d.present(); !there || g.waits {
		return []key.Binding{keyEscape, keyHelp, keyQuit, keyGrant}
	}
	return []key.Binding{keyEscape, keyHelp, keyQuit, keyKill, keyMessage, keyWatch, keyExtend, keyGrant}
}

func (d *details) inHelp() []key.Binding { return inWords(d.keys()) }

func (d *details) press(a *Admin, k tea.KeyPressMsg) tea.Cmd {
	g, there := d.present()
	const page = 8
	switch {
	case key.Matches(k, keyBack):
		a.back()
	case key.Matches(k, keyQuit):
		return tea.Quit
	case key.Matches(k, keyUp):
		d.scroll--
	case key.Matches(k, keyDown):
		d.scroll++
	case key.Matches(k, keyPageUp):
		d.scroll -= page
	case key.Matches(k, keyPageDown):
		d.scroll += page
	case !there && key.Matches(k, keyKill, keyMessage, keyExtend, keyWatch):
		a.hint = "It has ended meanwhile."
	default:
		cmd, _ := a.act(k, g)
		return cmd
	}
	d.scroll = max(0, d.scroll)
	return nil
}

// lines puts the events beside the facts where it is wide, below them otherwise.
func (d *details) lines(p page) []string {
	g, there := d.present()
	inner := p
	inner.width = p.width - 2
	// Of who waits nothing is noted down before there is a sandbox.
	uneventful := g.waits && len(d.events) == 0 && d.fault == nil
	if p.width < wide || uneventful {
		inner.width = min(inner.width, maxText)
		all := inner.facts(g, there)
		if uneventful {
			return indented(p.scrolled(all, &d.scroll, p.height))
		}
		all = append(all, "", p.theme.strong.Render("Last events"))
		return indented(p.scrolled(append(all, d.history(inner)...), &d.scroll, p.height))
	}
	left, right := p.halves()
	left.width -= 2 // the indent, and a gap
	events := p.scrolled(d.history(right), &d.scroll, p.height-2)
	return p.columns(indented(left.facts(g, there)), append([]string{p.theme.strong.Render("Last events"), ""}, events...))
}

func indented(lines []string) []string {
	for i, l := range lines {
		lines[i] = " " + l
	}
	return lines
}

// scrolled is the part of lines from *from on, which it keeps within them, with a
// last line that says where it is where not everything fits.
func (p page) scrolled(lines []string, from *int, height int) []string {
	if len(lines) <= height {
		*from = 0
		return lines
	}
	room := max(1, height-1)
	*from = max(0, min(*from, len(lines)-room))
	out := slices.Clone(lines[*from : *from+room])
	return append(out, p.theme.faded.Render("↑↓ "+of(*from+room, len(lines))+" lines"))
}

// history is the events, each with its time.
func (d *details) history(p page) []string {
	t := p.theme
	switch {
	case d.fault != nil:
		return each(t.bad, shorten(wrap(look.SignFailed+" "+sentence(d.fault, "The events could not be read."), p.width), 3, p.width))
	case len(d.events) == 0 && d.read.IsZero():
		return []string{t.faded.Render("Loading…")}
	case len(d.events) == 0:
		return []string{t.faded.Render("None is known.")}
	}
	var out []string
	for _, e := range d.events {
		at := clockTime(e.At, p.now, ":05")
		for i, l := range shorten(wrap(e.Text, p.width-len(at)-2), 3, p.width-len(at)-2) {
			if i > 0 {
				at = strings.Repeat(" ", len(at))
			}
			out = append(out, t.faded.Render(at)+"  "+l)
		}
	}
	return out
}

// clockTime is a time of the day, with the day where that is another than now.
func clockTime(at, now time.Time, seconds string) string {
	y, m, d := now.In(at.Location()).Date()
	if ay, am, ad := at.Date(); ay != y || am != m || ad != d {
		return at.Format("2 Jan 15:04" + seconds)
	}
	return at.Format("15:04" + seconds)
}

// facts are the details of a guest, a line each.
func (p page) facts(g *guest, there bool) []string {
	t := p.theme
	var out []string
	const label = 10
	fact := func(name, value string) {
		if value == "" {
			return
		}
		for i, l := range shorten(look.Wrap(value, p.width-label), 3, p.width-label) {
			if i > 0 {
				name = ""
			}
			out = append(out, t.faded.Render(look.Fill(name, label))+l)
		}
	}
	when := func(at time.Time, words string) string {
		if at.IsZero() {
			return ""
		}
		return clockTime(at, p.now, "") + " " + at.Format("MST") + ", " + words
	}
	sign, words, style := t.signOfGuest(g, p.now)
	if !there {
		out = append(out, t.bad.Render(look.SignFailed+" It has ended. This is how it was."))
	}
	fact("Learner", t.strong.Render(g.name()))
	fact("Course", g.CourseTitle)
	fact("Stage", strings.TrimSpace(strconv.Itoa(g.Stage)+" "+g.StageTitle))
	fact("State", style.Render(sign+" "+words))
	if g.waits {
		fact("Since", when(g.since, ago(p.now, g.since)+" ago"))
	} else {
		fact("Started", when(g.Started, ago(p.now, g.Started)+" ago"))
		fact("Ends", when(g.Expires, strings.TrimPrefix(g.left(p.now), "ends ")))
		if bar := p.life(g); bar != "" && p.height > 12 {
			fact("", bar)
		}
		fact("Last key", when(g.typedAt(), ago(p.now, g.LastInput)+" ago"))
	}
	fact("Watched", labelled("by ", strings.Join(g.Watched, ", ")))
	fact("Tokens", g.tokens())
	fact("Place", g.Place)
	fact("Sandbox", g.Sandbox)
	fact("Session", g.Session)
	return out
}

// life draws how much of a session's time is over.
func (p page) life(g *guest) string {
	all := g.Expires.Sub(g.Started)
	if g.Started.IsZero() || g.Expires.IsZero() || all <= 0 {
		return ""
	}
	over := max(0, min(all, p.now.Sub(g.Started)))
	const width = 20
	words := minutes(all) + " in all"
	if lipgloss.Width(words)+width+1 > p.width-10 {
		return ""
	}
	return p.theme.bar(int(over/time.Second), int(all/time.Second), width) + " " + p.theme.faded.Render(words)
}
