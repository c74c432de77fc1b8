package tui

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"charm.land/bubbles/v2/spinner"
	tea "charm.land/bubbletea/v2"
)

func TestCancelWaitsForStart(t *testing.T) {
	for _, key := range []string{"ctrl+c", "esc"} {
		t.Run(key, func(t *testing.T) {
			cancelled, release := make(chan struct{}), make(chan struct{})
			d := drive(t, Options{Home: sampleHome(), Start: func(ctx context.Context, _ Choice, _ func(Phase)) error {
				<-ctx.Done()
				close(cancelled)
				<-release
				return ctx.Err()
			}})
			d.press("enter", "enter", key)
			<-cancelled
			// Nothing gets the learner past a Start that has not returned.
			d.press(key, "enter", "q", "esc")
			d.shows("Cancelling, one moment.")
			close(release)
			until[startedMsg](d)
			d.shows("i Start cancelled.", "› ▸ open    3  Divide and merge")
			if d.quit || d.app.Result() != (Result{}) {
				t.Error("cancelling ended the picker")
			}
		})
	}
}

func TestCancelWinsOverASandboxThatIsJustReady(t *testing.T) {
	h := running(sampleHome())
	d := drive(t, Options{
		Home: sampleHome(),
		Start: func(ctx context.Context, _ Choice, _ func(Phase)) error {
			<-ctx.Done()
			return nil
		},
		Refresh: func(context.Context) (Home, error) { return h, nil },
	})
	d.press("enter", "enter", "ctrl+c")
	until[startedMsg](d)
	d.shows("Going back to the list.")
	until[refreshedMsg](d)
	d.shows("Start cancelled.", "› ► running  2  Counting comparisons", "enter continue")
}

func TestCancelUnderHelpAndOnATinyTerminal(t *testing.T) {
	d := drive(t, Options{Home: sampleHome()}).press("enter", "enter", "?", "ctrl+c")
	until[startedMsg](d)
	d.shows("Start cancelled.")
	d.press("enter")
	d.resize(10, 3)
	d.press("q", "ctrl+c")
	until[startedMsg](d)
	d.resize(80, 24)
	d.shows("Start cancelled.")
}

func TestErrorOfStart(t *testing.T) {
	h := sampleHome()
	h.Courses[0].Title = "Sorting, loaded again"
	d := drive(t, Options{
		Home:    sampleHome(),
		Start:   reporting(errors.New("the image\x1b[2J is missing; tell your instructor"), Phase{Name: "Pulling"}),
		Refresh: func(context.Context) (Home, error) { return h, nil },
	})
	d.press("enter", "enter")
	until[startedMsg](d)
	d.shows("Start failed", "✗ Pulling", "✗ The image is missing; tell your instructor.", "enter back to the list")
	d.press("q", "x")
	d.shows("Start failed")
	d.press("enter")
	until[refreshedMsg](d)
	d.shows("Sorting, loaded again")
	d.hides("cancelled")
}

// What was refused at once has not failed, and has taken no time; what has taken
// some has, whether or not it told of it.
func TestRefusedAtOnce(t *testing.T) {
	refuse := make(chan error)
	d := drive(t, Options{Home: sampleHome(), Start: func(context.Context, Choice, func(Phase)) error { return <-refuse }})
	d.press("enter", "enter")
	d.clock.add(time.Second)
	refuse <- errors.New("the door is closed")
	until[startedMsg](d)
	d.shows("Cannot start now", "✗ The door is closed.", "Stage 3")
	d.hides("failed", "Getting ready", " s in all", "1.0 s")

	d.press("enter", "enter")
	d.clock.add(refusedWithin)
	refuse <- errors.New("the cluster does not answer")
	until[startedMsg](d)
	d.shows("Start failed", "✗ Getting ready", "3.0 s in all")
}

func TestRefreshThatFailsKeepsTheOldLists(t *testing.T) {
	d := drive(t, Options{
		Home:    sampleHome(),
		Refresh: func(context.Context) (Home, error) { return Home{}, errors.New("the store is closed") },
	})
	d.press("enter", "enter", "esc")
	until[refreshedMsg](d)
	d.shows("Start cancelled. The list could not be loaded again", "› ▸ open    3  Divide and merge")
}

func TestPhases(t *testing.T) {
	d := phases(t)
	d.shows("✓ Waiting for a place                       12 s", "✓ Scheduling                               1.7 s", "17 s in all")
	d.hides("You are number")
}

func TestQueueMovesWithoutNewLines(t *testing.T) {
	next := make(chan Phase)
	d := drive(t, Options{Home: sampleHome(), Start: func(ctx context.Context, _ Choice, report func(Phase)) error {
		for p := range next {
			report(p)
		}
		<-ctx.Done()
		return ctx.Err()
	}})
	d.press("enter", "enter")
	for i := 5; i > 0; i-- {
		next <- Phase{Name: "Waiting for a place", Position: i, Length: 5}
		until[phasesMsg](d)
		d.clock.add(time.Second)
		d.shows(fmt.Sprintf("You are number %d of 5 in the queue", i))
	}
	close(next)
	d.shows("5 s in all")
	if w := d.app.top().(*waiting); len(w.phases) != 1 {
		t.Errorf("%d phases for one place in a queue", len(w.phases))
	}
}

func TestMailboxKeepsOrderAndIsBounded(t *testing.T) {
	m := newMailbox()
	m.put(stamped{Phase{Name: "a", Position: 2}, noon})
	m.put(stamped{Phase{Name: "a", Position: 1}, noon.Add(time.Second)})
	m.put(stamped{Phase{Name: "b"}, noon.Add(2 * time.Second)})
	got := m.take()
	if len(got) != 2 || got[0].Position != 1 || !got[0].at.Equal(noon) || got[1].Name != "b" {
		t.Errorf("the mailbox gave %+v", got)
	}
	for i := range 10 * maxPending {
		m.put(stamped{Phase{Name: fmt.Sprint(i)}, noon})
	}
	if got = m.take(); len(got) != maxPending || got[maxPending-1].Name != fmt.Sprint(10*maxPending-1) {
		t.Errorf("the mailbox gave %d phases", len(got))
	}
}

func TestManyPhasesAreBounded(t *testing.T) {
	w := &waiting{mail: newMailbox()}
	for i := range 3 * maxPhases {
		w.mail.put(stamped{Phase{Name: fmt.Sprint(i)}, noon})
		w.collect()
	}
	if len(w.phases) != maxPhases || w.phases[maxPhases-1].Name != fmt.Sprint(3*maxPhases-1) {
		t.Errorf("%d phases are kept, the last is %q", len(w.phases), w.phases[len(w.phases)-1].Name)
	}
}

func TestSpinnerTurnsOnlyWhileWaiting(t *testing.T) {
	d := drive(t, Options{Home: sampleHome()})
	if cmd := d.app.Init(); cmd != nil {
		if _, tick := cmd().(spinner.TickMsg); tick {
			t.Error("the courses have a timer")
		}
	}
	d.press("enter", "enter")
	before := d.screen()
	tick := until[spinner.TickMsg](d)
	if d.screen() == before {
		t.Error("the spinner stands still")
	}
	d.press("ctrl+c")
	until[startedMsg](d)
	if _, cmd := d.app.Update(tick); cmd != nil {
		t.Error("a late tick starts the timer again")
	}
}

func TestStaleReportsAreIgnored(t *testing.T) {
	d := drive(t, Options{Home: sampleHome()}).press("enter", "enter")
	old := d.app.task
	d.press("esc")
	until[startedMsg](d)
	d.press("enter")
	if _, cmd := d.app.Update(phasesMsg{old}); cmd != nil {
		t.Error("a report of an earlier start is waited for twice")
	}
}

func TestCloseWaitsForStart(t *testing.T) {
	begun, returned := make(chan struct{}), make(chan struct{})
	d := drive(t, Options{Home: sampleHome(), Start: func(ctx context.Context, _ Choice, _ func(Phase)) error {
		close(begun)
		<-ctx.Done()
		close(returned)
		return ctx.Err()
	}})
	d.press("enter", "enter")
	<-begun
	d.app.Close()
	select {
	case <-returned:
	default:
		t.Error("Close returned before Start did")
	}
	d.app.Close() // again is harmless
}

func TestCloseKeepsAStartThatNeverRanFromRunning(t *testing.T) {
	a := New(Options{Home: sampleHome(), Start: func(context.Context, Choice, func(Phase)) error {
		t.Error("Start runs after Close")
		return nil
	}})
	a.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	_, cmd := a.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	a.Close()
	for _, c := range cmd().(tea.BatchMsg)[:2] {
		if msg := c(); msg != nil {
			t.Errorf("after Close a command gave %T", msg)
		}
	}
}

func TestSentence(t *testing.T) {
	for in, want := range map[string]string{
		"the node is full":      "The node is full.",
		"Wait a moment.":        "Wait a moment.",
		"자리가 없습니다":              "자리가 없습니다.",
		"":                      "Nothing is known.",
		"a\nb\x1b[2J\x00 c \n ": "A b c.",
	} {
		if got := sentence(errors.New(in), "Nothing is known."); got != want {
			t.Errorf("sentence(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestWaitingSaysLongTitlesInFull(t *testing.T) {
	d := drive(t, Options{Home: koreanHome()}).press("enter", "enter")
	d.resize(40, 15)
	d.shows("\n 정렬 알고리즘의 기초부터 병렬 처리까지\n 한 걸음씩 따라가는 긴 제목의 강의\n Stage 2 · 비교 횟수 세기와 그 의미에\n 대한 아주 길고 자세한 설명\n\n", "in all")
}
