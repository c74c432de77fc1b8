package tui

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/spinner"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// maxPhases is how many phases the waiting room remembers.
const maxPhases = 50

// room says what the waiting room waits for.
type room int

const (
	starting room = iota // Start is running
	stopping             // Start was cancelled and has not returned yet
	failed               // Start returned an error, which is shown
	leaving              // Refresh is running, the lists come next
)

// waiting is the room in which a learner waits for the sandbox. It is the only
// screen with a timer, and only until Start has returned.
type waiting struct {
	choice        Choice
	course, stage string
	state         room
	began, ended  time.Time
	phases        []stamped
	mail          *mailbox
	task          *task
	err           error
	spinner       spinner.Model
}

// spin is slow: every step of it is drawn over the network.
var spin = spinner.Spinner{Frames: spinner.MiniDot.Frames, FPS: 200 * time.Millisecond}

// newWaiting begins a call of Start and returns the room that waits for it.
func newWaiting(a *App, c Choice, course, stage string) (*waiting, tea.Cmd) {
	w := &waiting{
		choice: c, course: course, stage: stage,
		began: a.now(), mail: newMailbox(),
		spinner: spinner.New(spinner.WithSpinner(spin)),
	}
	run := a.run(func(ctx context.Context) tea.Msg {
		return startedMsg{a.start(ctx, c, func(p Phase) { w.mail.put(stamped{p, a.now()}) })}
	})
	w.task = a.task
	return w, tea.Batch(run, w.mail.next(w.task), w.spinner.Tick)
}

func (w *waiting) update(a *App, msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case spinner.TickMsg:
		if w.state == starting || w.state == stopping {
			var cmd tea.Cmd
			w.spinner, cmd = w.spinner.Update(msg)
			return cmd
		}
	case phasesMsg:
		if msg.from == w.task && (w.state == starting || w.state == stopping) {
			w.collect()
			return w.mail.next(w.task)
		}
	case startedMsg:
		return w.started(a, msg.err)
	case refreshedMsg:
		w.refreshed(a, msg)
	}
	return nil
}

// collect adds what was reported since the last time.
func (w *waiting) collect() {
	for _, s := range w.mail.take() {
		if n := len(w.phases); n > 0 && w.phases[n-1].Name == s.Name {
			w.phases[n-1].Phase = s.Phase
			continue
		}
		if len(w.phases) == maxPhases {
			w.phases = append(w.phases[:0], w.phases[1:]...)
		}
		w.phases = append(w.phases, s)
	}
}

// started ends the wait. A learner who has cancelled wants to be back, even
// where the sandbox became ready in that moment.
func (w *waiting) started(a *App, err error) tea.Cmd {
	w.collect()
	w.ended = a.now()
	switch {
	case w.state == stopping:
		return w.leave(a)
	case err != nil:
		w.state, w.err = failed, err
		return nil
	}
	return a.quit(Result{Action: Attach, Choice: w.choice})
}

func (w *waiting) press(a *App, k tea.KeyPressMsg) tea.Cmd {
	switch {
	case w.state == starting && key.Matches(k, keyCancel):
		w.state = stopping
		w.task.cancel()
	case w.state == failed && (key.Matches(k, keyGoOn) || key.Matches(k, keyCancel)):
		return w.leave(a)
	}
	return nil
}

// leave goes back to the lists, through Refresh where there is one.
func (w *waiting) leave(a *App) tea.Cmd {
	w.state = leaving
	if a.refresh == nil {
		w.refreshed(a, refreshedMsg{home: a.home})
		return nil
	}
	return a.run(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshFor)
		defer cancel()
		h, err := a.refresh(ctx)
		return refreshedMsg{h, err}
	})
}

func (w *waiting) refreshed(a *App, msg refreshedMsg) {
	n := Notice{Text: "Start cancelled."}
	if w.err != nil {
		n = Notice{}
	}
	h := msg.home
	if msg.err != nil {
		h = a.home
		n.Text = strings.TrimSpace(n.Text + " The list could not be loaded again and may be out of date.")
	}
	a.show(h, n, Place{CourseID: w.choice.CourseID, Stage: w.choice.Stage})
}

// refusedWithin is how long a refusal may take to be one at once.
const refusedWithin = 3 * time.Second

// refused reports whether nothing was begun, as at a closed door: nothing went
// wrong then, and nobody was kept waiting.
func (w *waiting) refused() bool {
	return w.err != nil && len(w.phases) == 0 && w.ended.Sub(w.began) < refusedWithin
}

func (w *waiting) title() string {
	switch {
	case w.refused():
		return "Cannot start now"
	case w.state == failed:
		return "Start failed"
	case w.choice.Resume:
		return "Going back in"
	}
	return "Starting"
}

func (w *waiting) progress() (_, _ int) { return 0, 0 }
func (w *waiting) rows() *list          { return nil }

func (w *waiting) keys() []key.Binding {
	switch w.state {
	case starting:
		return []key.Binding{keyCancel}
	case failed:
		return []key.Binding{keyGoOn}
	}
	return nil
}

func (w *waiting) lines(p page) []string {
	t := p.theme
	width := min(p.width-2, maxText)
	var out []string
	add := func(lines ...string) {
		for _, l := range lines {
			out = append(out, " "+l)
		}
	}
	add("")
	add(each(t.strong, shorten(wrap(w.course, width), 2, width))...)
	add(shorten(wrap(fmt.Sprintf("Stage %d · %s", w.choice.Stage, look.OneLine(w.stage)), width), 2, width)...)

	end := w.end(p)
	if w.refused() {
		if len(out)+len(end) > p.height {
			out = nil // it is why that matters
		}
		add(end...)
		return out
	}
	add("")
	room := p.height - len(out) - len(end)
	lines := w.phaseLines(p, width)
	if room < len(lines) && p.height < look.Low {
		// Small terminals lose what the learner knows before what is new.
		out, room = nil, p.height-len(end)
	}
	add(lines[max(0, len(lines)-max(0, room)):]...)
	add(end...)
	return out
}

// phaseLines is a line or two for every phase.
func (w *waiting) phaseLines(p page, width int) []string {
	t := p.theme
	phases := w.phases
	if len(phases) == 0 {
		phases = []stamped{{Phase{Name: "Getting ready"}, w.began}}
	}
	var out []string
	column := min(width, 48)
	for i, s := range phases {
		last := i == len(phases)-1
		until := w.until(p)
		if !last {
			until = phases[i+1].at
		}
		over := !last || !w.ended.IsZero()
		sign := t.done.Render(look.SignDone)
		switch {
		case last && w.state == failed:
			sign = t.bad.Render(look.SignFailed)
		case last && over:
			sign = t.faded.Render(signLocked)
		case last:
			sign = t.spinner.Render(w.spinner.View())
		}
		lasted := seconds(until.Sub(s.at), over)
		name := look.Clip(look.OneLine(s.Name), column-3-len(lasted))
		if last {
			name = t.strong.Render(name)
		}
		out = append(out, look.Spread(sign+" "+name, t.faded.Render(lasted), column))
		if !last {
			continue
		}
		if s.Position > 0 && !over {
			place := of(s.Position, max(s.Position, s.Length)) + " in the queue"
			if queued := "You are number " + place; lipgloss.Width(queued) <= width-2 {
				place = queued
			} else {
				place = "Number " + place
			}
			out = append(out, "  "+look.Clip(place, width-2))
		}
		for _, l := range shorten(wrap(s.Detail, width-2), 2, width-2) {
			out = append(out, "  "+t.faded.Render(l))
		}
	}
	return out
}

// end is what stands below the phases.
func (w *waiting) end(p page) []string {
	t := p.theme
	width := min(p.width-2, maxText)
	total := seconds(w.until(p).Sub(w.began), !w.ended.IsZero())
	switch w.state {
	case stopping:
		return []string{"", "Cancelling, one moment."}
	case leaving:
		return []string{"", "Going back to the list."}
	case failed:
		out := []string{""}
		for i, l := range shorten(wrap(sentence(w.err, "The sandbox could not be started. Try again in a moment."), width-2), max(3, p.height-5), width-2) {
			sign := " "
			if i == 0 {
				sign = look.SignFailed
			}
			out = append(out, t.bad.Render(sign+" "+l))
		}
		if w.refused() {
			return out
		}
		return append(out, "", t.faded.Render(total+" in all"))
	}
	return []string{"", t.faded.Render(total + " in all")}
}

// until is the time up to which the wait is measured.
func (w *waiting) until(p page) time.Time {
	if w.ended.IsZero() {
		return p.now
	}
	return w.ended
}

// sentence makes an error read as one; otherwise is said for one without words.
func sentence(err error, otherwise string) string {
	s := strings.TrimSpace(look.OneLine(err.Error()))
	if s == "" {
		return otherwise
	}
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	s = string(r)
	if !strings.ContainsAny(s[len(s)-1:], ".?!") {
		s += "."
	}
	return s
}
