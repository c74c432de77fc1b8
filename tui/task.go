package tui

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
)

// task is a call that runs in a goroutine of the program. Bubble Tea does not
// wait for its goroutines, and one that it is given just before it ends never
// runs, so the task tells by itself whether there is something to wait for.
type task struct {
	cancel context.CancelFunc
	begun  atomic.Bool
	done   chan struct{} // closed when the call has returned or never will run
}

func newTask(call func(context.Context) tea.Msg) (*task, tea.Cmd) {
	ctx, cancel := context.WithCancel(context.Background())
	t := &task{cancel: cancel, done: make(chan struct{})}
	return t, func() tea.Msg {
		if !t.begun.CompareAndSwap(false, true) {
			return nil
		}
		// Deferred, so that a panic, which ends the program, frees those who
		// wait as well.
		defer close(t.done)
		defer cancel()
		return call(ctx)
	}
}

// wait returns when the call has returned, or keeps it from ever running.
func (t *task) wait() {
	if t.begun.CompareAndSwap(false, true) {
		close(t.done)
	}
	<-t.done
}

// over reports whether nothing of the task will run any more.
func (t *task) over() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// crew is the calls that a program has begun and not seen the end of.
type crew struct{ tasks []*task }

// begin starts one more call.
func (c *crew) begin(call func(context.Context) tea.Msg) (*task, tea.Cmd) {
	c.tasks = slices.DeleteFunc(c.tasks, (*task).over)
	t, cmd := newTask(call)
	c.tasks = append(c.tasks, t)
	return t, cmd
}

// close cancels all of them and waits for their ends.
func (c *crew) close() {
	for _, t := range c.tasks {
		t.cancel()
	}
	for _, t := range c.tasks {
		t.wait()
	}
}

// maxPending bounds what a program that cannot draw, since its terminal reads
// nothing, has to remember.
const maxPending = 64

// stamped is a phase and the time of its report.
type stamped struct {
	Phase
	at time.Time
}

// mailbox takes phases from Start without ever blocking it and hands them to
// the program in batches.
type mailbox struct {
	mu      sync.Mutex
	pending []stamped
	wake    chan struct{}
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// put adds a report. An update of the newest phase replaces it but keeps the
// time at which the phase began.
func (m *mailbox) put(s stamped) {
	m.mu.Lock()
	if n := len(m.pending); n > 0 && m.pending[n-1].Name == s.Name {
		m.pending[n-1].Phase = s.Phase
	} else {
		if n == maxPending {
			m.pending = append(m.pending[:0], m.pending[1:]...)
		}
		m.pending = append(m.pending, s)
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mailbox) take() []stamped {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.pending
	m.pending = nil
	return all
}

// phasesMsg says that the mailbox of a task has something in it.
type phasesMsg struct{ from *task }

// startedMsg is the end of Start, refreshedMsg that of Refresh. They carry no
// task of their own: only one is running at a time, see waiting.
type startedMsg struct{ err error }

type refreshedMsg struct {
	home Home
	err  error
}

// next waits for a report. It ends with the task, so it needs no owner.
func (m *mailbox) next(t *task) tea.Cmd {
	return func() tea.Msg {
		select {
		case <-m.wake:
			return phasesMsg{t}
		case <-t.done:
			return nil
		}
	}
}
