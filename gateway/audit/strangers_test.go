package audit

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// refusals are what the trail has of them: address, login and count.
func (tr *trail) refusals() string {
	tr.t.Helper()
	var all []string
	err := Read(tr.dir, time.Time{}, func(l Line) error {
		e := l.Event
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s ×%d", e.Remote, e.Login, e.Count)))
		return l.Err
	})
	if err != nil {
		tr.t.Error(err)
	}
	return strings.Join(all, "; ")
}

func TestRefusalsAreSummedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrail(t)
		for i := range 1000 {
			tr.Refuse(Event{Remote: fmt.Sprint("192.0.2.1:", 1000+i), Login: "ada", Reason: "no_key"})
			tr.Refuse(Event{Remote: fmt.Sprintf("[2001:db8::%x]:1", i), Reason: "no_key"}) // one network
		}
		const first = "192.0.2.1:1000 ada ×0; [2001:db8::0]:1  ×0"
		if got := tr.refusals(); got != first {
			t.Errorf("at once: %s", got)
		}
		time.Sleep(sumEvery)
		synctest.Wait()
		got := tr.refusals()
		if !strings.HasPrefix(got, first) || strings.Count(got, ";") != 3 ||
			!strings.Contains(got, "; 192.0.2.1:1000 ada ×999") || !strings.Contains(got, "; [2001:db8::0]:1  ×999") {
			t.Errorf("after a minute: %s", got)
		}
		tr.Refuse(Event{Remote: "192.0.2.1:7", Login: "ada", Reason: "no_key"})
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
		if next := tr.refusals(); next != got+"; 192.0.2.1:7 ada ×0" {
			t.Errorf("in the next minute: %s", next)
		}
	})
}

func TestStrangersCannotFillTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrail(t)
		for minute := range 3 {
			for i := range 2000 {
				e := Event{Remote: fmt.Sprintf("10.0.%d.%d:%d", i/200, i%200, minute), Login: fmt.Sprint("u", i), Reason: "no_key"}
				tr.Refuse(e)
				tr.Refuse(e)
			}
			time.Sleep(sumEvery)
			synctest.Wait()
		}
		got := strings.Split(tr.refusals(), "; ")
		if most := 3 * (2*mostStrangers + 1); len(got) != most {
			t.Errorf("there are %d lines, and %d were wanted", len(got), most)
		}
		if others := 2 * (2000 - mostStrangers); got[len(got)-1] != fmt.Sprint("×", others) {
			t.Errorf("the last one is %s, and %d were not told apart", got[len(got)-1], others)
		}
	})
}

// TestTheLastMinuteIsSummedUpAtTheEnd: a gateway that is stopped loses no count.
func TestTheLastMinuteIsSummedUpAtTheEnd(t *testing.T) {
	tr := newTrail(t)
	for range 5 {
		tr.Refuse(Event{Remote: "192.0.2.1:1", Reason: "no_key"})
	}
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	if got := tr.refusals(); got != "192.0.2.1:1  ×0; 192.0.2.1:1  ×4" {
		t.Errorf("recorded: %s", got)
	}
}
