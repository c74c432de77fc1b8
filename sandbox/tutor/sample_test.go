package tutor

import (
	"reflect"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"lectern/course"
	"lectern/sandbox/event"
)

// sample is a course of two stages with every kind of page and question, and
// a third without questions.
func sample() course.Course {
	return course.Course{
		ID: "tides", Title: "Tides and Lighthouses",
		Stages: []course.Stage{
			{
				Number: 1, Title: "Stage 1: Why the sea rises",
				Description: "The moon pulls, the earth turns, and the water follows. This stage explains why most coasts see two high tides a day.",
				Concepts: []course.Concept{
					{
						ID: "pull", Title: "The pull of the moon",
						Body: "## What pulls\n\nThe moon pulls the **near side** of the earth more than the far side. The difference is what `stretches` the sea; see [the almanac](https://almanac.example/tides).\n\n" +
							"1. The near side bulges towards the moon because the pull is stronger there than in the middle.\n2. The far side bulges away.\n   - nested and long enough to be wrapped on a narrow screen\n\n" +
							"```\nheight = mean + range/2 * cos(2*pi*t/period) + a + very + long + sum + of + further + constituents\n    if spring: more\n```\n\n" +
							"> Time and tide wait for no one, and this quotation is long enough to be wrapped.\n\n" +
							"| tide | moon |\n|---|---|\n| spring | new or full |\n| neap | half |\n",
						KeyIdeas: []string{"Tides come from the *difference* of the pull, not from the pull itself.", "There are two bulges."},
						PaperRef: "Almanac, chapter 2", CodeRef: "tide/height.go",
					},
					{ID: "turn", Title: "The earth turns", Body: "A coast passes both bulges in a day."},
				},
				Questions: []course.Question{
					{
						ConceptID: "pull", Kind: course.MultipleChoice, Prompt: "How many high tides does **most** of the coast see a day?",
						Options: []string{"One", "Two, about twelve hours and twenty-five minutes apart from each other", "Four"},
						Answer:  "Two", Correct: 1, Explanation: "The earth turns below *two* bulges.",
					},
					{
						ConceptID: "turn", Kind: course.FreeResponse, Prompt: "Why is there a bulge on the far side?",
						Answer: "Because the far side is pulled less than the middle.", Correct: -1, Explanation: "It is left behind.",
					},
				},
			},
			{
				Number: 2, Title: "등대와 조석의 긴 이야기",
				Description: "등대는 왜 조수 간만의 차이를 알아야 할까요? 이 단계에서는 밀물과 썰물을 읽는 방법을 배웁니다.",
				Concepts: []course.Concept{{
					ID: "light", Title: "등대의 빛",
					Body:     "등대지기는 **밀물과 썰물**의 시간을 매일 기록했습니다. 그 기록은 오늘날에도 바다의 높이를 예측하는 데 쓰입니다.\n\n- 밀물: 바닷물이 육지 쪽으로 밀려 들어오는 현상을 말하며 하루에 두 번 일어납니다\n- 썰물: 반대",
					KeyIdeas: []string{"기록이 예측을 만든다"},
				}},
				Questions: []course.Question{{
					Kind: course.MultipleChoice, Prompt: "밀물은 하루에 몇 번 일어납니까?",
					Options: []string{"한 번 일어나며 달의 위치와는 아무런 관계가 없습니다", "두 번"}, Answer: "두 번", Correct: 1,
				}},
			},
			{Number: 3, Title: "Epilogue", Concepts: []course.Concept{{Title: "Farewell", Body: "Fair winds."}}},
		},
	}
}

// lesson drives a model as Bubble Tea would.
type lesson struct {
	*Model
	t    *testing.T
	quit bool
	sent []event.Message
	at   time.Time
}

// begin opens a stage of the sample in a terminal of 80×24; with a link when
// linked is true.
func begin(t *testing.T, stage int, dir string, linked bool) *lesson {
	t.Helper()
	o := Options{Course: sample(), Stage: stage, StateDir: dir}
	if linked {
		o.Link = &socket{} // never called: the tests stand where deliver does
	}
	m, err := NewModel(o)
	if err != nil {
		t.Fatal(err)
	}
	l := &lesson{Model: m, t: t, at: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	m.now = func() time.Time { return l.at }
	l.do(tea.WindowSizeMsg{Width: 80, Height: 24})
	return l
}

// do hands msg over and collects what comes of it at once.
func (l *lesson) do(msg tea.Msg) {
	_, cmd := l.Update(msg)
	switch msg.(type) {
	case tea.KeyPressMsg: // only keys end the program; other commands are timers
		l.quit = l.quit || isQuit(cmd)
	}
	select {
	case m := <-l.outbox:
		l.sent = append(l.sent, m)
	default:
	}
}

// isQuit compares and does not call, since the other commands are timers.
func isQuit(cmd tea.Cmd) bool {
	return cmd != nil && reflect.ValueOf(cmd).Pointer() == reflect.ValueOf(tea.Quit).Pointer()
}

// keys presses keys by their names; a name of several letters that is no key
// is typed.
func (l *lesson) keys(names ...string) {
	special := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "space": tea.KeySpace, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "end": tea.KeyEnd, "home": tea.KeyHome,
	}
	for _, name := range names {
		if code, ok := special[name]; ok {
			l.do(tea.KeyPressMsg{Code: code})
			continue
		}
		if name == "ctrl+c" {
			l.do(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
			continue
		}
		for _, r := range name {
			l.do(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}
