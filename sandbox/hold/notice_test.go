package hold

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lectern/sandbox"
)

func (s *Supervisor) tells(t *testing.T, lines ...string) {
	t.Helper()
	for _, text := range lines {
		if err := s.Tell(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}

// away waits until nobody is joined.
func away(t *testing.T, news <-chan Status) {
	t.Helper()
	for {
		select {
		case s := <-news:
			if !s.Attached && s.Epoch > 0 {
				return
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the learner who has left is still attached")
		}
	}
}

// What is told while nobody is there is told to who comes back, and the tutor does
// not hear of it before.
func TestToldWhileAway(t *testing.T) {
	r := start(t, "completes", nil)
	s, news := r.listen(t)
	s.tells(t, "before anybody came")
	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "got notice before anybody came")
	learner.leave()
	away(t, news)
	for i := range untoldKept + 2 {
		s.tells(t, fmt.Sprintf("news %d.", i))
	}
	watcher := r.visit(t, sandbox.Watch, "grace") // is not the learner
	watcher.screen.Expect(t, "got watched grace watches")
	if all := watcher.screen.All(); strings.Contains(all, "news") {
		t.Errorf("the tutor heard of it while nobody was there: %q", all)
	}
	back := r.visit(t, sandbox.Control, "")
	back.screen.Expect(t, "got notice news 2\\.") // so there is room again
	s.tells(t, "welcome")
	back.screen.Expect(t, "got notice welcome")
	all := back.screen.All()
	if strings.Contains(all, "news 1.") {
		t.Error("more are kept than there is room for")
	}
	at := 0
	for i := 2; i < untoldKept+2; i++ {
		i := strings.Index(all[at:], fmt.Sprintf("got notice news %d.", i))
		if i < 0 {
			t.Fatalf("not all came, in their order, before the last: %q", all)
		}
		at += i
	}
}

// Of a foreign program the title takes one line after the other, each for a while.
func TestTitlesTakeTurns(t *testing.T) {
	const each = 200 * time.Millisecond
	r := scriptedFor(t, each)
	s, news := r.listen(t)
	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "up")
	learner.leave()
	away(t, news)
	s.tells(t, "one", "two")
	back := r.visit(t, sandbox.Control, "")
	s.tells(t, "This session is recorded.")
	back.screen.Expect(t, "\x1b]2;one\a\a")
	began := time.Now()
	back.screen.Expect(t, "\x1b]2;two\a\a")
	back.screen.Expect(t, "\x1b]2;This session is recorded.\a\a")
	if took := time.Since(began); took < each { // the first may have been seen late
		t.Errorf("both had their turn in %s", took)
	}
}

// A program that sets its title all the time takes no line away before its time.
func TestTitleOfTheProgramWaits(t *testing.T) {
	h := &holder{opts: Options{titleFor: time.Hour}, screen: newScreen(), primary: newTerminal(nil)}
	own := h.primary
	defer own.caption.close()
	says := func(want string) {
		t.Helper()
		if got := h.entitled(own); got != want {
			t.Fatalf("the title is put as %q, want %q", got, want)
		}
	}
	if own.caption.retitled("own") {
		t.Error("the program's own title is none of our business")
	}
	says("")
	h.tell("lunch")
	says("\x1b]2;lunch\a\a")
	h.tell("dinner")
	says("") // it waits
	if !own.caption.retitled("next") {
		t.Error("the program has taken the line away")
	}
	says("\x1b]2;lunch\a")
	own.caption.over = time.Now()
	says("\x1b]2;dinner\a\a")
	own.caption.retitled("last")
	says("\x1b]2;dinner\a")
	own.caption.over = time.Now()
	says("\x1b]2;last\a")
	if own.caption.retitled("alone") {
		t.Error("a line that has had its time goes on")
	}
}

// What stood in the title of a terminal where nobody typed any more comes again.
func TestTitleThatNobodySaw(t *testing.T) {
	r := scriptedFor(t, time.Millisecond)
	s, news := r.listen(t)
	learner := r.visit(t, sandbox.Control, "")
	learner.screen.Expect(t, "up")
	s.tells(t, "one", "two")
	learner.screen.Expect(t, "\x1b]2;two\a\a")
	learner.leave()
	away(t, news)
	back := r.visit(t, sandbox.Control, "")
	back.screen.Expect(t, "\x1b]2;one\a\a")
	back.screen.Expect(t, "\x1b]2;two\a\a")
	back.types(t, "title own\n") // the learner is there
	back.screen.Expect(t, "\x1b]2;own\a")
	back.leave()
	away(t, news)
	last := r.visit(t, sandbox.Control, "")
	s.tells(t, "three")
	last.screen.Expect(t, "\x1b]2;three\a\a")
	if all := last.screen.All(); strings.Contains(all, "]2;one\a") {
		t.Errorf("what was seen comes again: %q", all)
	}
}

// Time that is left is told to who is there: later it would be wrong.
func TestWarningIsNotKept(t *testing.T) {
	h := &holder{screen: newScreen()}
	h.tellNow("ten minutes left")
	h.untold.want(t)
	h.primary = newTerminal(nil)
	h.tellNow("one minute left")
	h.untold.want(t, "one minute left")
}
