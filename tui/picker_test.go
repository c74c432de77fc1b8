package tui

import (
	"context"
	"image/color"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// recording is a Start that sends what it was asked for and succeeds.
func recording() (chan Choice, func(context.Context, Choice, func(Phase)) error) {
	asked := make(chan Choice, 1)
	return asked, func(_ context.Context, c Choice, _ func(Phase)) error {
		asked <- c
		return nil
	}
}

func TestChoices(t *testing.T) {
	only := running(sampleHome())
	only.Courses = only.Courses[:1]
	gone := running(sampleHome())
	gone.Running.CourseID, gone.Running.CourseTitle = "gone", "A course that is gone"

	for _, tt := range []struct {
		name string
		home Home
		keys []string
		want Choice
	}{
		{"first open stage", sampleHome(), []string{"enter", "enter"}, Choice{CourseID: "sorting", Stage: 3}},
		{"a done stage again", sampleHome(), []string{"enter", "home", "enter"}, Choice{CourseID: "sorting", Stage: 1}},
		{"second course", sampleHome(), []string{"down", "right", "enter"}, Choice{CourseID: "graphs", Stage: 1}},
		{"with vi keys", sampleHome(), []string{"j", "l", "enter"}, Choice{CourseID: "graphs", Stage: 1}},
		{"with Korean keys", sampleHome(), []string{"ㅓ", "ㅓ", "ㅏ", "enter", "enter"}, Choice{CourseID: "graphs", Stage: 1}},
		{"running is first", running(sampleHome()), []string{"enter"}, Choice{CourseID: "sorting", Stage: 2, Resume: true}},
		{"running course is gone", gone, []string{"enter"}, Choice{CourseID: "gone", Stage: 2, Resume: true}},
		{"running stage in its course", running(sampleHome()), []string{"down", "enter", "up", "enter"}, Choice{CourseID: "sorting", Stage: 2, Resume: true}},
		{"running is first with one course", only, []string{"enter"}, Choice{CourseID: "sorting", Stage: 2, Resume: true}},
		{"confirm goes back by default", running(sampleHome()), []string{"end", "enter", "enter", "enter"}, Choice{CourseID: "sorting", Stage: 2, Resume: true}},
		{"confirm replaces", running(sampleHome()), []string{"end", "enter", "enter", "n"}, Choice{CourseID: "first", Stage: 1, Replace: true}},
		{"confirm replaces with a Korean key", running(sampleHome()), []string{"end", "enter", "enter", "ㅜ"}, Choice{CourseID: "first", Stage: 1, Replace: true}},
		{"filter by title", sampleHome(), []string{"/", "G", "R", "A", "p", "h", "enter", "enter"}, Choice{CourseID: "graphs", Stage: 1}},
		{"filter by the title of a done stage", sampleHome(), []string{"/", "c", "o", "u", "n", "t", "enter", "enter"}, Choice{CourseID: "sorting", Stage: 2}},
		{"filter of stages", sampleHome(), []string{"enter", "/", "c", "a", "r", "d", "s", "enter"}, Choice{CourseID: "sorting", Stage: 1}},
		{"filter in Korean", koreanHome(), []string{"/", "그", "래", "프", "enter", "enter"}, Choice{CourseID: "graphs", Stage: 1}},
		{"help in between", sampleHome(), []string{"?", "enter", "enter", "?", "esc", "enter"}, Choice{CourseID: "sorting", Stage: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked, start := recording()
			d := drive(t, Options{Home: tt.home, Start: start})
			d.press(tt.keys...)
			until[startedMsg](d)
			until[tea.QuitMsg](d)
			if got := <-asked; got != tt.want {
				t.Errorf("Start was asked for %+v, want %+v", got, tt.want)
			}
			if got, want := d.app.Result(), (Result{Attach, tt.want}); got != want {
				t.Errorf("the result is %+v, want %+v", got, want)
			}
		})
	}
}

func TestQuit(t *testing.T) {
	for name, keys := range map[string][]string{
		"courses":     {"q"},
		"interrupt":   {"ctrl+c"},
		"Korean":      {"ㅂ"},
		"stages":      {"end", "enter", "q"},
		"while typed": {"/", "x", "ctrl+c"},
		"from help":   {"?", "q"},
		"confirm":     {"end", "enter", "enter", "ctrl+c"},
	} {
		t.Run(name, func(t *testing.T) {
			d := drive(t, Options{Home: running(sampleHome())})
			d.press(keys...)
			until[tea.QuitMsg](d)
			if got := d.app.Result(); got != (Result{}) {
				t.Errorf("the result is %+v, want Quit", got)
			}
		})
	}
}

func TestTooSmallTerminalOnlyQuits(t *testing.T) {
	d := drive(t, Options{Home: sampleHome(), Width: 20, Height: 5})
	d.press("enter", "enter", "/", "?", "esc")
	d.resize(80, 24)
	d.shows("Courses", "› Sorting from first principles")
	d.resize(20, 5)
	d.press("q")
	until[tea.QuitMsg](d)
}

// TestWiderCutsNoTitle: details beside the list may not take the width that
// titles of a usual length have at 80 columns.
func TestWiderCutsNoTitle(t *testing.T) {
	h := running(sampleHome())
	h.Courses[1].Title = "Graphs and their walks, in detail"
	d := drive(t, Options{Home: h})
	for width := 80; width <= 140; width++ {
		d.resize(width, 30)
		d.shows("► Continue: Sorting from first principles · Stage 2", "   "+h.Courses[1].Title+" ")
	}
}

func TestLockedStageSaysWhatOpensIt(t *testing.T) {
	d := drive(t, Options{Home: sampleHome()}).press("enter", "end", "enter")
	d.shows("Locked until stage 4 is done.")
	d.press("up")
	d.hides("Locked until", "enter start")
	d.shows("enter why locked")
	d.press("enter")
	d.shows("Locked until stage 3 is done.")
	if d.app.task != nil {
		t.Error("a locked stage was started")
	}
}

func TestBack(t *testing.T) {
	d := drive(t, Options{Home: sampleHome()}).press("down", "enter")
	d.shows("Nodes and edges")
	d.press("esc")
	d.shows("Courses", "› Graphs and their walks")
	d.press("esc", "left")
	d.shows("Courses")

	h := sampleHome()
	h.Courses = h.Courses[:1]
	only := drive(t, Options{Home: h}).press("esc", "left")
	only.shows("› ▸ open    3  Divide and merge")
	only.hides("back")

	asked := drive(t, Options{Home: running(sampleHome())}).press("end", "enter", "enter")
	asked.shows("A session is running in Sorting from first principles, stage 2.")
	asked.press("esc")
	asked.shows("First steps", "Hello")
	if asked.app.task != nil {
		t.Error("something was started")
	}
}

func TestOpensWhereTheLearnerComesFrom(t *testing.T) {
	finished := sampleHome()
	finished.Notice = Notice{Text: "Stage 2 complete. Well done.", Kind: Good}
	gap := sampleHome()
	gap.Courses[0].Stages[0].State = Open
	gap.Courses[0].Stages[2].State = Done
	unlocked := sampleHome()
	unlocked.Courses[0].Stages[4].State = Open
	only := sampleHome()
	only.Courses = only.Courses[:1]
	onlyRuns := running(sampleHome())
	onlyRuns.Courses = onlyRuns.Courses[:1]

	for _, tt := range []struct {
		name string
		home Home
		from Place
		want string
	}{
		{"finished: the next one, with the notice", finished, Place{"sorting", 2}, "› ▸ open    3  Divide and merge"},
		{"not finished: the same one", sampleHome(), Place{"sorting", 3}, "› ▸ open    3  Divide and merge"},
		{"not finished, an earlier one is open", unlocked, Place{"sorting", 5}, "› ▸ open    5  Sorting in practice"},
		{"finished, only an earlier one is open", gap, Place{"sorting", 3}, "› ▸ open    1  Cards on a table"},
		{"all are done", sampleHome(), Place{"first", 1}, "› ✓ done    1  Hello"},
		{"another course", sampleHome(), Place{"graphs", 1}, "› ▸ open    1  Nodes and edges"},
		{"it runs on", running(sampleHome()), Place{"sorting", 2}, "› ► running  2  Counting comparisons"},
		{"the only course", only, Place{"sorting", 1}, "› ▸ open    3  Divide and merge"},
		{"it runs on in the only course", onlyRuns, Place{"sorting", 2}, "› ► Continue: Sorting"},
		{"the stage is gone", sampleHome(), Place{"sorting", 9}, "› ▸ open    3  Divide and merge"},
		{"the course is gone", sampleHome(), Place{"gone", 1}, "› Sorting from first principles"},
		{"the course is gone and another runs", running(sampleHome()), Place{"gone", 1}, "› ► Continue: Sorting"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := drive(t, Options{Home: tt.home, From: tt.from})
			d.shows(tt.want, tt.home.Notice.Text)
		})
	}

	d := drive(t, Options{Home: running(sampleHome()), From: Place{"graphs", 1}}).press("esc")
	d.shows("Courses", "› Graphs and their walks", "  ► Continue: Sorting")
}

func TestFilterEditing(t *testing.T) {
	d := drive(t, Options{Home: koreanHome()})
	d.press("/", "그", "래", "z")
	d.shows("/ 그래z", "0 matches", "Nothing matches")
	d.press("enter") // nothing to open
	d.press("backspace")
	d.shows("1 match", "그래프와 탐색")
	d.hides("정렬 알고리즘의 기초부터")
	if c := d.app.View().Cursor; c == nil || c.X != 7 || c.Y != 2 {
		t.Errorf("the cursor is at %+v, want behind the text at 7,2", c)
	}
	d.press("ctrl+u")
	d.shows("2 matches")
	// Hangul as separate letters, which some terminals send, finds the same.
	d.send(tea.PasteMsg{Content: "\u1100\u1173\u1105\u1162\n없음"})
	d.shows("0 matches")
	d.press("ctrl+w")
	d.send(tea.PasteMsg{Content: "\x1b탐색"})
	d.shows("1 match", "› 그래프와 탐색")
	d.press("esc")
	d.hides("match")
	if d.app.View().Cursor != nil {
		t.Error("there is a cursor without a filter")
	}
	d.press("/", "backspace", "j")
	d.shows("› 그래프와 탐색")
	d.send(tea.PasteMsg{Content: "ignored outside of the filter"})
	d.hides("ignored")
}

func TestFilterNamesTheStageThatItFound(t *testing.T) {
	d := drive(t, Options{Home: sampleHome()}).press("/", "b", "r", "e", "a", "d")
	d.shows("› Graphs and their walks · 2 Breadth first")
	d.press("enter")
	d.shows("› · locked  2  Breadth first")
}

func TestFilterTextIsBounded(t *testing.T) {
	f := newFilter()
	for range 100 {
		f.insert(strings.Repeat("가", 10))
	}
	if f.letters() != maxFilter {
		t.Errorf("the text grew to %d letters", f.letters())
	}
}

func TestSelectionStaysInSight(t *testing.T) {
	d := drive(t, Options{Home: manyCourses(50)})
	for _, size := range sizes {
		d.resize(size[0], size[1])
		d.press("home")
		for range 50 {
			d.shows("› Course ")
			d.press("down")
		}
		d.shows("› Course 50:")
		d.press("pgup", "pgdown", "up")
		d.shows("› Course 49:")
	}
}

func TestNoticeStaysUntilTheScreenChanges(t *testing.T) {
	h := sampleHome()
	h.Notice = Notice{Text: "Stage 2 complete", Kind: Good}
	d := drive(t, Options{Home: h}).press("down", "up")
	d.shows("✓ Stage 2 complete")
	d.press("enter")
	d.hides("Stage 2 complete")
}

func TestForeignTextCannotHarmTheLayout(t *testing.T) {
	h := sampleHome()
	h.Login = "a\x1b[2Jb\nc"
	h.Courses[0].Title = "Two\nlines\tand \x1b]0;title\x07 escapes"
	h.Courses[0].Stages[0].Title = strings.Repeat("넓", 300)
	h.Courses[0].Authors = []string{"A\r\nB"}
	h.Notice = Notice{Text: "a\x1b[31m\nb", Kind: 99}
	d := drive(t, Options{Home: h, NoColor: true})
	for range 2 {
		for _, size := range append(sizes, [2]int{30, 8}) {
			d.resize(size[0], size[1])
			fits(t, d)
			if strings.Contains(d.app.View().Content, "\x1b[2J") || strings.ContainsAny(d.app.View().Content, "\t\r\x07") {
				t.Errorf("control characters came through: %q", d.app.View().Content)
			}
		}
		d.press("enter", "home")
	}
}

func TestBackground(t *testing.T) {
	ask := New(Options{})
	if ask.Init() == nil {
		t.Error("an unknown background is not asked for")
	}
	if dark := New(Options{Background: BackgroundDark}); dark.Init() != nil || dark.Background() != BackgroundDark {
		t.Error("a known background is asked for again")
	}
	before := ask.View().Content
	ask.Update(tea.BackgroundColorMsg{Color: color.White})
	if ask.Background() != BackgroundLight || ask.View().Content == before {
		t.Error("a light background changes nothing")
	}
	ask.Update(tea.BackgroundColorMsg{Color: color.Black})
	if ask.Background() != BackgroundDark || ask.View().Content != before {
		t.Error("an unknown background is not taken for dark")
	}
}

func TestView(t *testing.T) {
	v := drive(t, Options{Home: sampleHome()}).app.View()
	if !v.AltScreen || v.WindowTitle != "Lectern" || v.MouseMode != tea.MouseModeNone {
		t.Errorf("the view is %+v", v)
	}
}

func TestLongConceptsAreBrokenAndNotCut(t *testing.T) {
	h := sampleHome()
	h.Courses[0].Stages[2].Concepts = []string{"A concept with a title that is too long for the pane beside the list", "Another one"}
	d := drive(t, Options{Home: h}).press("enter")
	d.resize(120, 40)
	d.shows("│   A concept with a title that is too long for the", "│     pane beside the list", "│   Another one")
}
