package tui

import (
	"context"
	"errors"

	"charm.land/bubbles/v2/spinner"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

// deed is something that the instructor wants done.
type deed struct {
	name string // what stands in the screen while it runs: "Ending ada's session"
	call func(ctx context.Context) error
	done func() string // what is said of its success
	// above is how many screens lead to the one that asks; a success closes them.
	above int
}

// doing is a deed that is being done. There is one at a time, and while it runs
// no key has another use than to cancel it.
type doing struct {
	deed
	task     *task
	stopping bool
	spinner  spinner.Model
}

// doneMsg is the end of a deed.
type doneMsg struct {
	of  *doing
	err error
}

// do begins a deed.
func (a *Admin) do(d deed) tea.Cmd {
	if a.deed != nil {
		return nil
	}
	a.notice = Notice{}
	now := &doing{deed: d, spinner: spinner.New(spinner.WithSpinner(spin))}
	var run tea.Cmd
	now.task, run = a.crew.begin(func(ctx context.Context) tea.Msg { return doneMsg{now, d.call(ctx)} })
	a.deed = now
	return tea.Batch(run, now.spinner.Tick)
}

func (d *doing) stop() {
	d.stopping = true
	d.task.cancel()
}

// onDone goes back from the screen that asked for the deed. Where it failed,
// that screen stays, with all that was typed into it.
func (a *Admin) onDone(msg doneMsg) tea.Cmd {
	if msg.of != a.deed {
		return nil
	}
	a.deed = nil
	switch err := msg.err; {
	case errors.Is(err, ErrNoLongerAdmin):
		return a.end(err)
	case err == nil:
		for range 1 + msg.of.above {
			a.back()
		}
		a.say(Good, msg.of.done())
	case errors.Is(err, ErrEnded):
		a.back()
		a.say(Info, "It had ended already.")
	case msg.of.stopping:
		a.say(Info, "Cancelled. It may have been done all the same.")
	default:
		a.say(Bad, sentence(err, "That did not work. Try again in a moment."))
	}
	return a.load()
}

// deedLine stands in the place of the keys while something is being done.
func (a *Admin) deedLine() string {
	if a.deed == nil {
		return ""
	}
	t := a.theme
	name, keys := a.deed.name, t.help.ShortKey.Render("esc")+" "+t.help.ShortDesc.Render("cancel")
	if a.deed.stopping {
		name, keys = "Cancelling", ""
	}
	return look.Spread(" "+t.spinner.Render(a.deed.spinner.View())+" "+name+look.SignMore, keys, a.width-1)
}
