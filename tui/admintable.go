package tui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// lines draws the table between a line that sums up the room and one that says
// of the selection what has no column.
func (s *seats) lines(p page) []string {
	a := s.admin
	if a.loaded.IsZero() {
		return a.unloaded(p)
	}
	shown, hidden := s.columnsIn(p, p.width-4)
	out := []string{s.summary(p, shown)}
	out = append(out, a.warnings(p)...)
	if p.height > 16 || len(s.all) == 0 {
		out = append(out, "")
	}
	if len(s.all) == 0 {
		return append(out, " Nobody is here.")
	}
	out = append(out, s.heading(p, shown))

	below := []string{}
	if room := p.height - len(out); room >= 5 {
		below = s.below(p, hidden)
	}
	rows := p
	rows.height = max(1, p.height-len(out)-len(below))
	if len(below) > 0 {
		rows.height = max(1, rows.height-1) // the rule
	}
	if len(s.list.shown) < rows.height && len(below) > 0 {
		rows.height = max(1, len(s.list.shown))
	}
	out = append(out, s.list.draw(rows, func(i int, selected bool, width int) string {
		return s.row(p, &s.all[i], selected, shown)
	})...)
	if len(below) > 0 {
		out = append(out, s.list.rule(p, rows.height))
	}
	return append(out, below...)
}

// unloaded is all that can be said before the first load.
func (a *Admin) unloaded(p page) []string {
	f := newForm(p)
	f.blank()
	if a.fault == nil {
		f.say(p.theme.faded, "Loading the sessions…")
		return f.out
	}
	f.say(p.theme.bad, look.SignFailed+" "+sentence(a.fault, "The sessions could not be loaded."))
	f.gap()
	f.say(p.theme.faded, "It is tried again every few seconds. q leaves.")
	return f.out
}

// summary counts places and learners, and says by what the table is sorted.
// Where it is narrow, the heading may say that alone.
func (s *seats) summary(p page, shown []column) string {
	t, room := p.theme, &s.admin.room
	waiting := room.queued()
	// A place is kept for each of those who get a sandbox now.
	taken := len(room.Sessions) + len(room.Queue) - waiting
	left := count(taken, "session", "sessions")
	if room.Places > 0 {
		words, width := " places", 10
		if p.width < look.Narrow {
			words, width = "", 5
		}
		left = t.bar(min(taken, room.Places), room.Places, width) + " " + t.strong.Render(of(taken, room.Places)) + words
	}
	if waiting > 0 {
		left += " · " + t.strong.Render(strconv.Itoa(waiting)) + " waiting"
	}
	right := "sorted by " + s.sort.String()
	if p.width < look.Narrow {
		right = "by " + s.sort.String()
	}
	marked := slices.ContainsFunc(shown, func(c column) bool { return c.sorts == s.sort })
	if marked && lipgloss.Width(left)+len(right)+3 > p.width {
		right = ""
	}
	return look.Spread(" "+left, t.faded.Render(right), p.width-1)
}

// warnings say that the door is closed, and that what is shown is old.
func (a *Admin) warnings(p page) []string {
	var out []string
	warn := func(kind NoticeKind, text string) {
		room := p.width - 6
		lines := shorten(wrap(text, room), 2, room)
		if p.height < 14 {
			lines = shorten(lines, 1, room)
		}
		for i, l := range lines {
			sign := " "
			if i == 0 {
				sign = noticeSign(kind)
			}
			out = append(out, " "+p.theme.notices[kind].Render(" "+sign+" "+l+" "))
		}
	}
	if a.room.DoorClosed {
		text := "The door is closed: d opens it."
		if a.room.DoorReason != "" && p.width >= look.Narrow {
			text += " Who comes is told: " + a.room.DoorReason
		}
		warn(Info, text)
	}
	if a.fault != nil {
		warn(Bad, "This is "+brief(p.now.Sub(a.loaded))+" old. "+sentence(a.fault, "It could not be loaded anew."))
	}
	return out
}

// heading names the columns and marks the one by which the table is sorted.
func (s *seats) heading(p page, shown []column) string {
	cells := make([]string, 0, len(shown))
	for _, c := range shown {
		name, style := c.name, p.theme.faded
		if c.sorts == s.sort {
			name, style = name+signSorted, p.theme.strong
		}
		cells = append(cells, style.Render(c.in(name)))
	}
	return "   " + strings.Join(cells, strings.Repeat(" ", columnGap))
}

func (s *seats) row(p page, g *guest, selected bool, shown []column) string {
	cells := make([]string, 0, len(shown))
	for i := range shown {
		c := &shown[i]
		text := c.cell(g, p, c.width)
		if selected && c.sorts == byLearner {
			text = p.theme.selected.Render(text)
		}
		cells = append(cells, c.in(text))
	}
	return strings.Join(cells, strings.Repeat(" ", columnGap))
}

// below says in two lines of the selection what the table has no room for.
func (s *seats) below(p page, hidden []column) []string {
	g := s.guest()
	if g == nil {
		return nil
	}
	width := p.width - 2
	stage := "stage " + strconv.Itoa(g.Stage)
	if g.StageTitle != "" {
		stage += " " + g.StageTitle
	}
	var more []string
	for _, c := range hidden {
		if c.words != nil {
			if words := c.words(g, p.now); words != "" {
				more = append(more, words)
			}
		}
	}
	if len(g.Watched) > 0 {
		more = append(more, "watched by "+strings.Join(g.Watched, ", "))
	}
	if left := g.left(p.now); left != "" {
		more = append(more, left)
	}
	title := look.Clip(g.CourseTitle, max(width/2, width-len(" · ")-len(stage)))
	return []string{
		" " + look.Clip(title+p.theme.faded.Render(" · "+stage), width),
		" " + p.theme.faded.Render(look.Clip(strings.Join(more, " · "), width)),
	}
}

// left is how long a session may still last.
func (g *guest) left(now time.Time) string {
	switch d := g.Expires.Sub(now); {
	case g.waits || g.Expires.IsZero():
		return ""
	case d <= 0:
		return "about to end"
	default:
		return "ends in " + brief(d)
	}
}
