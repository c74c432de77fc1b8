package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"lectern/internal/look"
)

// frameEvery is how long it is at least between two pictures of a learner's
// terminal.
const frameEvery = time.Second / 30

// watch is a learner's terminal to look at. It covers the whole screen but for
// one line; no key that is typed here goes anywhere else.
type watch struct {
	guest   guest
	mirror  *mirror
	view    *task // the call of Watch
	drawing *task // the wait for the next picture
	shown   picture
	x, y    int // where the view is once it does not follow the cursor
	follows bool
	ended   string // why there is no more to see
}

// frameMsg is a new picture, watchedMsg the end of Watch.
type frameMsg struct {
	of      *watch
	picture picture
}

type watchedMsg struct {
	of     *watch
	ending string
	err    error
}

// watch opens a learner's terminal.
func (a *Admin) watch(g guest) tea.Cmd {
	w := &watch{guest: g, mirror: newMirror(), follows: true}
	a.open(w)
	w.follow(a)
	var show tea.Cmd
	w.view, show = a.crew.begin(func(ctx context.Context) tea.Msg {
		defer w.mirror.close()
		out := &stream{mirror: w.mirror, ctx: ctx}
		ending, err := a.options.Watch(ctx, g.Session, out, out.size)
		return watchedMsg{w, ending, err}
	})
	return tea.Batch(show, w.next(a, 0))
}

// next waits for a change, and for the time that has to be between two pictures.
// It draws in its own goroutine, so that no key waits for a large screen.
func (w *watch) next(a *Admin, pause time.Duration) tea.Cmd {
	var cmd tea.Cmd
	w.drawing, cmd = a.crew.begin(func(ctx context.Context) tea.Msg {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-w.mirror.changed:
			return frameMsg{w, w.mirror.draw()}
		case <-ctx.Done():
			return nil
		}
	})
	return cmd
}

func (w *watch) onFrame(a *Admin, msg frameMsg) tea.Cmd {
	if a.top() != pane(w) {
		return nil
	}
	w.shown = msg.picture
	if w.follows {
		w.x, w.y = w.shown.x, w.shown.y
	}
	return w.next(a, frameEvery)
}

func (w *watch) onEnd(a *Admin, msg watchedMsg) tea.Cmd {
	w.drawing.cancel()
	w.shown = w.mirror.draw() // what was seen last stays
	switch {
	case errors.Is(msg.err, ErrNoLongerAdmin):
		return a.end(msg.err)
	case errors.Is(msg.err, ErrEnded):
		w.ended = "The session had ended already."
	case msg.err != nil:
		w.ended = sentence(msg.err, "The terminal cannot be watched any more.")
	default:
		w.ended = sentence(errors.New(msg.ending), "There is no more to see.")
	}
	return nil
}

// follow tells the mirror which part of it there is room for.
func (w *watch) follow(a *Admin) {
	w.mirror.aim(crop{
		x: w.x, y: w.y, width: a.width, height: max(1, a.height-1),
		follow: w.follows, noColor: a.noColor,
	})
}

func (w *watch) title() string       { return "Watching " + w.guest.Login }
func (w *watch) rows() *list         { return nil }
func (w *watch) typed() *entry       { return nil }
func (w *watch) keys() []key.Binding { return []key.Binding{keyUnwatch, keyMoveCrop, keyFollow} }

func (w *watch) lines(page) []string { return w.shown.lines }

func (w *watch) press(a *Admin, k tea.KeyPressMsg) tea.Cmd {
	const across, down = 8, 4
	switch {
	case key.Matches(k, keyUnwatch):
		w.view.cancel()
		w.drawing.cancel()
		a.back()
	case key.Matches(k, keyFollow):
		w.follows = true
	case k.String() == "left", k.String() == "h":
		w.move(a, -across, 0)
	case k.String() == "right", k.String() == "l":
		w.move(a, across, 0)
	case key.Matches(k, keyUp):
		w.move(a, 0, -down)
	case key.Matches(k, keyDown):
		w.move(a, 0, down)
	}
	return nil
}

// move moves the view within the learner's terminal.
func (w *watch) move(a *Admin, x, y int) {
	w.follows = false
	w.x = max(0, min(w.x+x, w.shown.cols-a.width))
	w.y = max(0, min(w.y+y, w.shown.rows-a.height+1))
}

// whole draws the terminal with the line that says what it is.
func (w *watch) whole(p page) string {
	room := p.height - 1
	out := make([]string, 0, p.height)
	edge := p.theme.faded
	for _, l := range w.shown.lines[:min(len(w.shown.lines), room)] {
		if w.shown.cols < p.width {
			l = look.Fill(l, w.shown.cols) + edge.Render("│")
		}
		out = append(out, ansi.Truncate(l, p.width, ""))
	}
	if len(out) < room && w.shown.written > 0 {
		corner := "┘"
		if w.shown.cols >= p.width {
			corner = ""
		}
		out = append(out, edge.Render(strings.Repeat("─", min(p.width, w.shown.cols))+corner))
	}
	if w.shown.written == 0 {
		out = out[:0]
		if w.ended == "" {
			out = append(out, "", " "+edge.Render(look.Clip("Waiting for "+w.guest.Login+"'s terminal…", p.width-1)))
		}
	}
	for len(out) < room {
		out = append(out, "")
	}
	return strings.Join(append(out, w.status(p)), "\n")
}

// status is the last line.
func (w *watch) status(p page) string {
	if w.ended != "" {
		const leave = " · Esc leaves"
		text := look.Clip(w.ended, p.width-3-len(leave)) + leave
		return p.theme.notices[Bad].Render(look.Fill(" "+text, p.width))
	}
	// By which key one leaves is never cut; of the rest, what has no room is left
	// out as a whole, and the learner's name is cut last.
	const leave = " · Esc leaves"
	size, right, short := "", "", ""
	if w.shown.written > 0 {
		size = fmt.Sprintf(" · %d×%d", w.shown.cols, w.shown.rows)
	}
	switch {
	case w.shown.cols > p.width || w.shown.rows > p.height-1:
		right, short = "arrows move", "arrows move"
		if !w.follows {
			right, short = fmt.Sprintf("from %d,%d · f follows", w.shown.x+1, w.shown.y+1), "f follows"
		}
	case p.width >= look.Narrow:
		right = w.guest.Login + " is told that you watch"
	}
	name := " watching " + w.guest.Login
	line := look.Clip(name, p.width-1-lipgloss.Width(leave)) + leave
	for _, more := range []struct{ size, right string }{{size, right}, {size, short}, {"", short}, {size, ""}} {
		left := name + more.size + leave
		if lipgloss.Width(left)+2+lipgloss.Width(more.right) < p.width {
			line = look.Spread(left, more.right, p.width-1)
			break
		}
	}
	return p.theme.notices[Info].Render(look.Fill(line, p.width))
}
