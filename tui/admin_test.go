package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
)

func TestSelectionStaysOnItsSession(t *testing.T) {
	s := &school{room: sampleRoom()}
	d := attend(t, s).press("down", "down", "down") // eve
	d.shows("› eve")
	for range int(orders) {
		d.press("s")
		d.shows("› eve")
	}
	s.set(func(s *school) {
		s.room = sampleRoom()
		slices.Reverse(s.room.Sessions)
		s.room.Sessions = append(s.room.Sessions, Seat{Session: "s-aaa", Login: "aaron"})
	})
	d.refresh()
	d.shows("› eve", "aaron")
	d.press("/", "s", "i", "l", "e", "n", "t")
	d.shows("› eve", "1 match")
	d.refresh()
	d.shows("› eve", "1 match")
	d.press("esc")
	d.shows("› eve", "aaron")

	// Where it is gone, the cursor stays in its line.
	before := d.admin.seats.list.cursor
	s.set(func(s *school) {
		s.room.Sessions = slices.DeleteFunc(s.room.Sessions, func(s Seat) bool { return s.Login == "eve" })
	})
	d.refresh()
	d.shows("› fay")
	if d.admin.seats.list.cursor != before {
		t.Error("the cursor left its line")
	}
	s.set(func(s *school) { s.room = Room{} })
	d.refresh()
	d.press("x", "enter", "m", "down")
	d.shows("Nobody is here.")
}

func TestSorts(t *testing.T) {
	d := attend(t, &school{room: sampleRoom()})
	for _, want := range []string{
		"ada bob-the-builder dan eve fay gus kim-haksup octocat",
		"bob-the-builder kim-haksup eve ada octocat fay gus dan",
		"bob-the-builder octocat kim-haksup ada dan eve fay gus",
		"bob-the-builder ada kim-haksup octocat dan eve fay gus",
		"eve ada kim-haksup octocat bob-the-builder dan fay gus",
	} {
		var got []string
		for _, g := range d.admin.seats.all {
			got = append(got, g.Login)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("by %s: %v, want %s", d.admin.seats.sort, got, want)
		}
		d.shows("sorted by " + d.admin.seats.sort.String())
		d.press("s")
	}
}

func TestFilterOfTheTable(t *testing.T) {
	for filter, want := range map[string]int{
		"ADA": 1, "graphs": 3, "node-2": 2, "away": 1, "connected": 3, "queued": 2, "pulling": 1, "정렬": 1, "sorting connected": 1, "zzz": 0,
	} {
		d := attend(t, &school{room: sampleRoom()}).press("/")
		d.send(tea.PasteMsg{Content: filter})
		if got := len(d.admin.seats.list.shown); got != want {
			t.Errorf("%q finds %d lines, want %d", filter, got, want)
		}
	}
	// Letters are text until Enter, and commands after it.
	d := attend(t, &school{room: sampleRoom()}).press("/", "a", "w", "a", "y", "x", "backspace", "enter", "x")
	d.shows("End bob-the-builder's session")
}

func TestQuestionsAreAnsweredWithNoUnlessYIsChosen(t *testing.T) {
	for name, open := range map[string][]string{"kill": {"x"}, "door": {"d"}, "grant": {"g", "enter", "enter", "enter"}} {
		for _, no := range []string{"enter", "esc", "n", "q", "x", " "} {
			s := &school{room: sampleRoom()}
			d := attend(t, s).press(open...)
			d.press(no)
			if len(s.asked) > 0 || d.admin.deed != nil {
				t.Errorf("%s: %q did it", name, no)
			}
		}
	}
}

func TestGrantShowsWhatIsThere(t *testing.T) {
	s := &school{room: sampleRoom(), done: map[string]map[string][]int{
		"ada": {"sorting": {1, 3, 99}, "gone": {1}}, "zoe": {"sorting": {5}},
	}}
	d := attend(t, s).press("g", "enter")
	d.shows("5 stages")
	ada := until[earnedMsg](d)
	d.shows("2 of 5 done", "3 stages")
	d.press("enter", "enter") // on the stage that ada is in
	d.shows("1  Cards on a table", "3  Divide and merge", "i ada has that stage already.")
	if n := strings.Count(d.screen(), "✓ done"); n != 2 {
		t.Errorf("%d stages are marked as done", n)
	}
	d.press("up", "enter")
	d.shows("Count stage 2", "cannot be taken back")

	// Of somebody else, also where the answer for the first comes late.
	d.press("esc", "esc", "esc", "ctrl+u", "z", "o", "e", "enter")
	d.hides("done")
	until[earnedMsg](d)
	d.shows("1 of 5 done")
	d.send(ada)
	d.shows("1 of 5 done")

	s.set(func(s *school) { s.refuse = errDown })
	d.press("esc", "enter")
	until[earnedMsg](d)
	d.shows("What zoe has done is not known. The cluster does not answer", "5 stages")
}

// What is typed as a reason is text, whatever it would be elsewhere, and neither
// answers the question nor leaves it.
func TestReason(t *testing.T) {
	s := &school{room: sampleRoom(), refuse: errDown}
	d := attend(t, s).press("x", "r", "y", "q", "?", "Y", "enter")
	if len(s.asked) > 0 || d.admin.deed != nil {
		t.Fatal("a letter of the reason ended the session")
	}
	d.shows("[r]     Reason: yq?Y", "[y]     end it")
	d.press("tab")
	d.send(tea.PasteMsg{Content: " a\nb\x1b[2J" + strings.Repeat("가", 2*maxReason)})
	d.press("enter", "y")
	until[doneMsg](d)
	asked := <-s.asked
	if !strings.HasPrefix(asked, `kill s-ada "yq?Y a b[2J가`) || strings.Count(asked, "가") != maxReason-len("yq?Y a b[2J") {
		t.Errorf("the reason is %s", asked)
	}
	d.shows("✗ The cluster does not answer", "Reason: yq?Y a\n", "b[2J가") // nothing is lost
	d.press("r", "esc")
	d.shows("give a reason (optional)")
	d.press("esc")
	d.shows("› ada")

	// One's own session and the open door have no reason.
	closed := sampleRoom()
	closed.DoorClosed = true
	for _, d := range []*driver{
		attend(t, &school{room: sampleRoom()}).press("end", "x", "r"), attend(t, &school{room: closed}).press("d", "r"),
	} {
		d.hides("eason")
	}
}

func TestDeeds(t *testing.T) {
	closed := sampleRoom()
	closed.DoorClosed = true
	for _, tt := range []struct {
		name   string
		room   Room
		keys   []string
		asked  string
		notice string
	}{
		{"kill", sampleRoom(), []string{"x", "y"}, `kill s-ada ""`, "✓ ada's session was ended."},
		{"kill with a Korean keyboard", sampleRoom(), []string{"ㅌ", "ㅛ"}, `kill s-ada ""`, "✓ ada's session was ended."},
		{"kill one's own", sampleRoom(), []string{"end", "x", "y"}, `kill s-oct ""`, "✓ Your own session was ended."},
		{"kill from the details", sampleRoom(), []string{"enter", "x", "y"}, `kill s-ada ""`, "✓ ada's session was ended."},
		{"kill with a reason", sampleRoom(), []string{"x", "r", "n", "o", "y", "enter", "y"}, `kill s-ada "noy"`, "✓ ada's session was ended."},
		{"kill with a reason by Tab", sampleRoom(), []string{"x", "tab", "안", " ", "tab", "y"}, `kill s-ada "안"`, "✓ ada's session was ended."},
		{"kill with a reason that was cleared", sampleRoom(), []string{"x", "r", "n", "o", "esc", "y"}, `kill s-ada ""`, "✓ ada's session was ended."},
		{"message", sampleRoom(), []string{"m", "h", "i", "left", "O", "enter"}, `message "s-ada" "hOi"`, "✓ ada was told."},
		{"message in Korean", sampleRoom(), []string{"m", "ㅎ", "하", "enter"}, `message "s-ada" "ㅎ하"`, "✓ ada was told."},
		{"message to all", sampleRoom(), []string{"M", "h", "i", "enter"}, `message "" "hi"`, "✓ Everybody was told."},
		{"extend", sampleRoom(), []string{"e", "enter"}, "extend s-ada 2h18m0s", "✓ ada's session ends at 14:18 now."},
		{"extend by more", sampleRoom(), []string{"e", "j", "enter"}, "extend s-ada 2h48m0s", "✓ ada's session ends at 14:48 now."},
		{"extend by what is typed", sampleRoom(), []string{"e", "4", "5", "enter"}, "extend s-ada 2h33m0s", "✓ ada's session ends at 14:33 now."},
		{"grant", sampleRoom(), []string{"g", "enter", "enter", "enter", "y"}, "grant ada sorting 3", "✓ ada has stage 3 of Sorting from first principles."},
		{"grant another", sampleRoom(), []string{"g", "ctrl+u", "z", "o", "e", "enter", "down", "enter", "end", "enter", "y"}, "grant zoe graphs 3", "✓ zoe has stage 3 of Graphs and their walks."},
		{"close the door", sampleRoom(), []string{"d", "y"}, `door closed=true ""`, "✓ The door is closed to new sessions."},
		{"close the door with a reason", sampleRoom(), []string{"d", "ㄱ", "q", "enter", "y"}, `door closed=true "q"`, "✓ The door is closed to new sessions."},
		{"open the door", closed, []string{"d", "y"}, `door closed=false ""`, "✓ The door is open."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &school{room: tt.room}
			d := attend(t, s).press(tt.keys...)
			until[doneMsg](d)
			if got := <-s.asked; got != tt.asked {
				t.Errorf("asked for %s, want %s", got, tt.asked)
			}
			d.shows(tt.notice)
			if n := len(d.admin.screens); n > 2 {
				t.Errorf("%d screens are open", n)
			}
			until[loadedMsg](d) // what was done is looked at at once
		})
	}
}

func TestOneDeedAtATime(t *testing.T) {
	s := &school{room: sampleRoom(), hold: true}
	d := attend(t, s).press("x", "y")
	d.shows("Ending ada's session…", "esc cancel")
	d.press("y", "enter", "n", "x", "d", "q")
	if <-s.asked != `kill s-ada ""` || len(s.asked) > 0 || d.quit {
		t.Error("a second thing was begun")
	}
	d.shows("Ending ada's session…")
	d.press("esc")
	d.shows("Cancelling…")
	until[doneMsg](d)
	d.shows("i Cancelled. It may have been done all the same.", "[y]")
}

func TestWhatHadEndedAlready(t *testing.T) {
	s := &school{room: sampleRoom(), refuse: fmt.Errorf("kill: %w", ErrEnded)}
	d := attend(t, s).press("x")
	s.set(func(s *school) { s.room.Sessions = s.room.Sessions[1:] })
	d.refresh() // another instructor was faster
	d.shows("End ada's session in", "It has ended meanwhile.")
	d.press("y")
	until[doneMsg](d)
	d.shows("i It had ended already.", "› bob-the-builder")
}

func TestWhoWaitsHasNoSession(t *testing.T) {
	for _, key := range []string{"x", "m", "e", "w"} {
		d := attend(t, &school{room: sampleRoom()}).press("down", "down", key)
		d.shows("dan has no session yet.", "› dan")
	}
}

func TestFailedDeedKeepsWhatWasTyped(t *testing.T) {
	d := attend(t, &school{room: sampleRoom(), refuse: errDown}).press("m", "h", "i", "enter")
	until[doneMsg](d)
	d.shows("✗ The cluster does not answer", "› hi")
	d.press("esc")
	d.hides("does not answer")
}

func TestMessageIsPlainText(t *testing.T) {
	s := &school{room: sampleRoom()}
	d := attend(t, s).press("m", "enter")
	d.shows("Type what the learner is to read.")
	d.send(tea.PasteMsg{Content: "a\nb\r\n\x1b[2J\x1b]0;t\x07\u009b31m\u202ec\xff" + strings.Repeat("가", 500)})
	d.press("enter")
	until[doneMsg](d)
	asked := <-s.asked
	if strings.ContainsFunc(asked, unicode.IsControl) || strings.Contains(asked, `\x`) || strings.Contains(asked, `\u`) {
		t.Errorf("the message is %s", asked)
	}
	if !strings.HasPrefix(asked, `message "s-ada" "a b [2J]0;t31mc가`) {
		t.Errorf("the message is %s", asked)
	}
	if n := strings.Count(asked, "가"); n < 100 || n > maxMessage {
		t.Errorf("the message has %d letters at its end", n)
	}
}

func TestFailingLoadKeepsTheTable(t *testing.T) {
	s := &school{room: sampleRoom()}
	d := attend(t, s).press("down")
	s.set(func(s *school) { s.fault = errDown })
	d.clock.add(70 * time.Second)
	d.refresh()
	d.shows("✗ This is 1m old. The cluster does not answer", "› bob-the-builder")
	d.clock.add(60 * time.Second)
	d.shows("✗ This is 2m old.")
	s.set(func(s *school) { s.fault = nil })
	d.refresh()
	d.hides("old")
}

func TestLoadThatNeverWorked(t *testing.T) {
	s := &school{fault: errDown}
	d := attend(t, s)
	d.shows("The cluster does not answer", "tried again")
	s.set(func(s *school) { s.fault, s.room = nil, sampleRoom() })
	d.send(beatMsg{})
	until[loadedMsg](d)
	d.shows("› ada")
}

func TestOnlyOneLoadAtATime(t *testing.T) {
	loads := make(chan chan Room)
	s := &school{room: sampleRoom()}
	o := s.options()
	o.Load = func(ctx context.Context) (Room, error) {
		answer := make(chan Room)
		select {
		case loads <- answer:
			return <-answer, nil
		case <-ctx.Done():
			return Room{}, ctx.Err()
		}
	}
	d := &driver{t: t, clock: &clock{t: noon}, msgs: make(chan tea.Msg, 64)}
	o.Now = d.clock.now
	d.admin = NewAdmin(o)
	d.model, d.frame = d.admin, d.admin.frame
	t.Cleanup(d.admin.Close)
	d.run(d.admin.Init())
	first := <-loads
	d.shows("Loading the sessions…")
	d.send(beatMsg{})
	d.send(beatMsg{})
	d.admin.again = true // as after a deed
	first <- sampleRoom()
	until[loadedMsg](d)
	second := <-loads // at once
	second <- sampleRoom()
	until[loadedMsg](d)
	select {
	case <-loads:
		t.Error("a third load runs")
	default:
	}
}

func TestNoLongerAdminEndsTheProgram(t *testing.T) {
	gone := fmt.Errorf("load: %w", ErrNoLongerAdmin)
	s := &school{room: sampleRoom()}
	d := attend(t, s)
	s.set(func(s *school) { s.fault = gone })
	d.refresh()
	until[tea.QuitMsg](d)
	if !errors.Is(d.admin.Err(), ErrNoLongerAdmin) {
		t.Errorf("Err is %v", d.admin.Err())
	}

	d = attend(t, &school{room: sampleRoom(), refuse: gone}).press("x", "y")
	until[doneMsg](d)
	until[tea.QuitMsg](d)
	if !errors.Is(d.admin.Err(), ErrNoLongerAdmin) {
		t.Errorf("after a deed Err is %v", d.admin.Err())
	}
}

func TestClockThatJumps(t *testing.T) {
	for _, by := range []time.Duration{-48 * time.Hour, 400 * 24 * time.Hour} {
		d := attend(t, &school{room: sampleRoom()})
		d.clock.add(by)
		for _, size := range adminSizes {
			d.resize(size[0], size[1])
			fits(t, d)
			if s := d.screen(); strings.Contains(s, " -") || strings.Contains(s, "in -") {
				t.Errorf("something is negative:\n%s", s)
			}
		}
		d.press("e")
		fits(t, d)
	}
}

func TestLeave(t *testing.T) {
	for name, keys := range map[string][]string{
		"q": {"q"}, "interrupt": {"ctrl+c"}, "Korean": {"ㅂ"}, "details": {"enter", "q"},
		"while typed": {"/", "q", "ctrl+c"}, "from a message": {"m", "q", "ctrl+c"}, "from a watch": {"w", "ctrl+c"},
		"from a question": {"x", "ctrl+c"},
	} {
		t.Run(name, func(t *testing.T) {
			d := attend(t, &school{room: sampleRoom()}).press(keys...)
			until[tea.QuitMsg](d)
			if d.admin.Err() != nil {
				t.Errorf("Err is %v", d.admin.Err())
			}
		})
	}
	d := attend(t, &school{room: sampleRoom()}).press("/", "q", "esc", "m", "q", "esc", "x", "q", "esc")
	d.shows("› ada")
	d.resize(20, 5)
	d.press("x", "y", "m", "q")
	until[tea.QuitMsg](d)
}

// Who presses Esc wants to go back, and at the table there is nothing to go back
// to: the keys that follow must not reach the shell that ssh was called from.
func TestEscNeverLeavesTheTable(t *testing.T) {
	d := attend(t, &school{room: sampleRoom()}).press("/", "a", "w", "a", "y", "enter")
	d.admin.say(Good, "ada was told.")
	escape := func() {
		t.Helper()
		if _, cmd := d.admin.Update(tea.KeyPressMsg{Code: tea.KeyEscape}); cmd != nil {
			t.Error("Esc at the table does something besides what it shows")
		}
	}
	d.shows("ada was told.", "1 match", "esc clear")
	escape()
	d.hides("ada was told.")
	d.shows("1 match", "esc clear")
	escape()
	d.hides("1 match", "esc clear")
	d.shows("› bob-the-builder", "q quit")
	escape()
	d.shows("i q leaves.", "› bob-the-builder")
	d.press("q")
	until[tea.QuitMsg](d)
}

func TestForeignTextCannotHarmTheTable(t *testing.T) {
	r := sampleRoom()
	bad := "a\x1b[2J\nb\x1b]0;t\x07\u202e" + strings.Repeat("넓", 300)
	for i := range r.Sessions {
		s := &r.Sessions[i]
		s.Login, s.CourseTitle, s.StageTitle, s.Place, s.Sandbox, s.Watched = bad, bad, bad, bad, bad, []string{bad}
	}
	for i := range r.Queue {
		r.Queue[i].Login, r.Queue[i].CourseTitle, r.Queue[i].Phase = bad, bad, bad
	}
	r.DoorClosed, r.DoorReason = true, bad
	for _, keys := range [][]string{nil, {"enter"}, {"x"}, {"m"}, {"M"}, {"e"}, {"g", "enter", "enter"}, {"w"}, {"d"}} {
		d := attend(t, &school{room: r}, func(o *AdminOptions) { o.NoColor = true }).press(keys...)
		for _, size := range append(adminSizes, [2]int{30, 8}) {
			d.resize(size[0], size[1])
			fits(t, d)
			if c := d.admin.View().Content; strings.Contains(c, "\x1b[2J") || strings.ContainsAny(c, "\t\r\x07\u202e") {
				t.Errorf("after %v control characters came through: %q", keys, c)
			}
		}
	}
	if r.Sessions[0].Login != bad {
		t.Error("the room was changed")
	}
}

func TestNoticesGoByThemselves(t *testing.T) {
	d := attend(t, &school{room: sampleRoom()}).press("x", "y")
	until[doneMsg](d)
	d.send(beatMsg{})
	d.shows("was ended.")
	d.clock.add(sayFor + time.Second)
	d.send(beatMsg{})
	d.hides("was ended.")
}

func TestParseExtension(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"45m": 45 * time.Minute, "1h30m": 90 * time.Minute, "20": 20 * time.Minute, "90 min": 90 * time.Minute, "24h": 24 * time.Hour,
		"": 0, "0": 0, "-5m": 0, "25h": 0, "99999999999999999": 0, "soon": 0, "30s": 0, "-1": 0,
	} {
		if got, err := parseExtension(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	d := attend(t, &school{room: sampleRoom()}).press("e", "9", "9", "9", "h", "enter")
	d.shows("Type a time from 1m to 24h.")
	if d.admin.deed != nil {
		t.Error("a session was extended by weeks")
	}
}

// What is beyond the latest end is not offered, and the newest end counts.
func TestExtendKnowsTheLatestEnd(t *testing.T) {
	s := &school{room: sampleRoom()}
	s.room.Sessions[0].MostLeft = 150*time.Minute + 20*time.Second // it ends at 13:48
	d := attend(t, s).press("e")
	d.shows("It can last until 14:30 at most.", "30 min            ends at 14:18", "1 h               too long", "2 h               too long")
	d.press("down", "enter")
	d.shows("i It can last until 14:30 at most.")
	d.press("4", "3", "enter")
	d.shows("other: 43         too long", "i It can last until 14:30 at most.")
	if d.admin.deed != nil {
		t.Error("a session was extended beyond its latest end")
	}
	s.set(func(s *school) {
		s.room.Sessions[0].Expires = s.room.Sessions[0].Expires.Add(-time.Hour)
	})
	d.refresh()
	d.shows("It ends at 12:48", "other: 43         ends at 13:31")
	d.press("enter")
	until[doneMsg](d)
	if asked := <-s.asked; asked != "extend s-ada 1h31m0s" {
		t.Errorf("asked for %s", asked)
	}
}

func TestExtendBeyondMidnightShowsTheTime(t *testing.T) {
	r := sampleRoom()
	r.Sessions[0].Expires = noon.Add(12*time.Hour + 5*time.Minute)
	d := attend(t, &school{room: r}).press("e")
	d.shows("30 min            ends at 6 Mar 00:35")
	d.resize(40, 15)
	d.shows("30 min            ends at 00:35", "2 h               ends at 02:05")
}

func TestHelpOfTheEmptyTableIsNotCut(t *testing.T) {
	d := attend(t, &school{room: Room{Places: 4}}).press("?")
	d.shows("d         close or open the door to new sessions; asks first")
	d.resize(40, 15)
	d.shows("d         close door", "g         grant", "home/end  first, last")
	d.hides("…")
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", 59 * time.Second: "59s", time.Minute: "1m", time.Hour: "1h", 82 * time.Minute: "1h22m",
		11*time.Hour + 5*time.Minute: "11h", 26 * time.Hour: "1d02h", 48 * time.Hour: "2d", 250 * time.Hour: "10d",
	} {
		if got := brief(d); got != want {
			t.Errorf("brief(%v) is %q, want %q", d, got, want)
		}
	}
}
