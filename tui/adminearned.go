package tui

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"
)

// earned is what the learner of a grant has done already.
type earned struct {
	login  string           // whose it is
	stages map[string][]int // by course; nil until it is known
	fault  error            // why it cannot be known
}

// earnedMsg is the end of a look at what a learner has done.
type earnedMsg struct {
	of     *grant
	earned earned
}

// lookUp looks at what a learner has done. The lists do not wait for it.
func (w *grant) lookUp(a *Admin, login string) tea.Cmd {
	w.earned = earned{login: login}
	_, cmd := a.crew.begin(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, loadFor)
		defer cancel()
		stages, err := a.options.Done(ctx, login)
		return earnedMsg{w, earned{login, stages, err}}
	})
	return cmd
}

func (w *grant) onEarned(a *Admin, msg earnedMsg) tea.Cmd {
	if errors.Is(msg.earned.fault, ErrNoLongerAdmin) {
		return a.end(msg.earned.fault)
	}
	if msg.earned.login == w.earned.login { // else another one was typed meanwhile
		w.earned = msg.earned
	}
	return nil
}

func (e *earned) has(course string, stage int) bool { return slices.Contains(e.stages[course], stage) }

// of counts the stages of a course that are done.
func (e *earned) of(c *Course) int {
	n := 0
	for _, s := range c.Stages {
		if e.has(c.ID, s.Number) {
			n++
		}
	}
	return n
}
