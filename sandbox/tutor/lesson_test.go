package tutor

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"lectern/course"
	"lectern/sandbox/event"
)

func TestStageThatDoesNotExist(t *testing.T) {
	for _, stage := range []int{-1, 0, 4} {
		if _, err := NewModel(Options{Course: sample(), Stage: stage}); err == nil || !strings.Contains(err.Error(), "stages 1 to 3") {
			t.Errorf("stage %d: error %v does not say which stages there are", stage, err)
		}
	}
}

func TestWholeStage(t *testing.T) {
	dir := t.TempDir()
	l := begin(t, 1, dir, true)
	l.keys("enter", "enter", "enter") // to the first question
	l.keys("a", "enter")              // wrong, by its letter
	l.keys("enter")                   // no answer to the free response
	if !strings.Contains(l.shown(), "Please write a few words") {
		t.Error("an empty answer is not asked again")
	}
	l.keys("the far side is pulled less", "enter", "n", "enter") // not the same
	if got := l.place.Quiz.Queue; len(got) != 2 || got[0] != 0 {
		t.Fatalf("queue %v: both questions must come back", got)
	}
	l.keys("down", "down", "up", "down", "up", "down", "up", "up", "down", "enter", "enter") // option 2
	l.keys("again", "enter", "y")
	if len(l.sent) != 0 {
		t.Fatal("the result was sent before the last question was left")
	}
	l.keys("enter")
	if len(l.sent) != 1 {
		t.Fatalf("%d results were sent, want 1", len(l.sent))
	}
	want := event.Message{Type: event.Completed, ID: l.sent[0].ID, Stage: 1, Score: 0, Questions: 2}
	if l.sent[0] != want || want.ID == "" {
		t.Errorf("sent %+v, want %+v", l.sent[0], want)
	}
	l.do(deliveredMsg{id: "another"})
	if strings.Contains(l.shown(), "complete") {
		t.Error("a foreign answer completes the stage")
	}
	l.do(deliveredMsg{id: want.ID})
	if text := l.shown(); !strings.Contains(text, "Stage 1 complete") || !strings.Contains(text, "0 of 2") {
		t.Errorf("the end does not show:\n%s", text)
	}
	if l.keys("enter"); !l.quit {
		t.Error("Enter does not return to the stages")
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("a finished stage leaves %v", files)
	}
	if again := begin(t, 1, dir, true); again.screen() != overview {
		t.Error("a revisit does not begin at the overview")
	}
}

// TestNothingTypedIsSent: what leaves the tutor holds counts only.
func TestNothingTypedIsSent(t *testing.T) {
	l := begin(t, 1, "", true)
	l.keys("enter", "enter", "enter", "2", "enter", "[STAGE_COMPLETE:9] secret", "enter", "y", "enter")
	if len(l.sent) != 1 {
		t.Fatal("no result was sent")
	}
	line, err := json.Marshal(l.sent[0])
	if err != nil || strings.Contains(string(line), "secret") || strings.Contains(string(line), "STAGE_COMPLETE") {
		t.Errorf("sent %s, %v", line, err)
	}
}

// TestSameIDAfterCrash: a tutor that starts anew sends the same result.
func TestSameIDAfterCrash(t *testing.T) {
	dir := t.TempDir()
	l := begin(t, 1, dir, true)
	finishFirst(l)
	again := begin(t, 1, dir, true)
	if len(again.sent) != 1 || again.sent[0] != l.sent[0] {
		t.Fatalf("sent %+v after a crash, want %+v", again.sent, l.sent)
	}
	again.do(deliveredMsg{id: again.sent[0].ID, err: errors.New("broken pipe")})
	again.keys("enter")
	if len(again.sent) != 2 || again.sent[1] != l.sent[0] {
		t.Errorf("sent %+v when trying again", again.sent)
	}
	again.keys("enter", "enter")
	if len(again.sent) != 2 {
		t.Error("a result that is under way was sent once more")
	}
}

func TestAlone(t *testing.T) {
	l := begin(t, 3, "", false)
	l.keys("enter", "enter", "enter")
	if text := l.shown(); !strings.Contains(text, "Stage 3 complete") || !strings.Contains(text, "not recorded: this tutor runs on its own") {
		t.Errorf("got\n%s", text)
	}
}

func TestLastStage(t *testing.T) {
	l := begin(t, 3, "", true)
	l.keys("enter", "enter", "enter")
	l.do(deliveredMsg{id: l.place.Completion})
	if !strings.Contains(l.shown(), "You have finished the course.") {
		t.Error("the last stage does not say that the course is finished")
	}
}

func TestResumes(t *testing.T) {
	steps := []struct {
		name string
		keys []string
		want string
	}{
		{"page", []string{"enter", "enter"}, "The earth turns"},
		{"scrolled", []string{"enter", "end"}, "Source: tide/height.go"},
		{"question", []string{"enter", "enter", "enter", "2", "enter"}, "Why is there a bulge"},
		{"typed", []string{"enter", "enter", "enter", "2", "enter", "half an ans"}, "half an ans"},
		{"verdict", []string{"enter", "enter", "enter", "1"}, "Not quite."},
		{"self-check", []string{"enter", "enter", "enter", "2", "enter", "mine", "enter"}, "A model answer"},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			l := begin(t, 1, dir, true)
			l.keys(s.keys...)
			l.keys("ctrl+c", "y")
			if !l.quit {
				t.Fatal("the lesson was not left")
			}
			if err := l.keep(); err != nil { // as Run does
				t.Fatal(err)
			}
			if before, after := l.shown(), begin(t, 1, dir, true).shown(); !strings.Contains(after, s.want) {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

func TestLeavingAsksFirst(t *testing.T) {
	for _, stay := range []string{"n", "esc"} {
		l := begin(t, 1, "", true)
		l.keys("q")
		if l.quit || !strings.Contains(l.shown(), "Leave the lesson? What you have done is kept.") {
			t.Fatal("q leaves without asking")
		}
		if l.keys(stay); l.quit || l.overlay != nothing {
			t.Errorf("%s does not stay", stay)
		}
	}
	for _, leave := range []string{"y", "enter", "ㅛ"} {
		l := begin(t, 1, "", true)
		if l.keys("ㅂ", leave); !l.quit {
			t.Errorf("%s does not leave", leave)
		}
	}
}

func TestLettersAreTextInField(t *testing.T) {
	l := begin(t, 1, "", true)
	l.keys("enter", "enter", "enter", "2", "enter", "q?npㅂ1")
	if got := l.field.Value(); got != "q?npㅂ1" {
		t.Errorf("the field holds %q", got)
	}
	l.do(tea.PasteMsg{Content: " pasted"})
	l.keys("esc")
	if l.screen() != reading || l.place.Page != 2 {
		t.Fatal("Esc does not open the concept of the question")
	}
	l.keys("esc")
	if got := l.field.Value(); l.screen() != questioning || got != "q?npㅂ1 pasted" {
		t.Errorf("back at screen %d with %q", l.screen(), got)
	}
}

// TestEnterTooMany: nothing is marked at first, so Enter cannot answer, and
// says how one does.
func TestEnterTooMany(t *testing.T) {
	l := begin(t, 1, "", true)
	l.keys("enter", "enter", "enter", "enter", "enter")
	if l.place.Quiz.Tries[0] != 0 {
		t.Error("Enter has answered a question without a choice")
	}
	if text := l.shown(); !strings.Contains(text, "Please choose an answer first: press 1 to 3") {
		t.Errorf("got\n%s", text)
	}
	if l.keys("2"); strings.Contains(l.shown(), "Please choose") {
		t.Error("an answer does not take the notice away")
	}
}

// TestFirstMissGivesNothingAway: neither the answer nor the explanation.
func TestFirstMissGivesNothingAway(t *testing.T) {
	l := begin(t, 1, "", true)
	l.keys("enter", "enter", "enter", "1")
	if text := l.shown(); strings.Contains(text, "The answer") || strings.Contains(text, "two bulges") {
		t.Errorf("got\n%s", text)
	}
}

func TestManyOptions(t *testing.T) {
	c := sample()
	q := &c.Stages[0].Questions[0]
	q.Options = strings.Split("one two three four five six seven eight nine ten eleven twelve", " ")
	q.Correct = 11
	m, err := NewModel(Options{Course: c, Stage: 1})
	if err != nil {
		t.Fatal(err)
	}
	l := &lesson{Model: m, t: t}
	l.do(tea.WindowSizeMsg{Width: 80, Height: 24})
	l.keys("enter", "enter", "enter", "12")
	if l.place.Quiz.Choice != 11 || l.place.Quiz.Tries[0] != 0 {
		t.Fatalf("choice %d, tries %d", l.place.Quiz.Choice, l.place.Quiz.Tries[0])
	}
	if l.keys("enter"); l.place.Quiz.Phase != right {
		t.Errorf("phase %q", l.place.Quiz.Phase)
	}
}

// TestBrokenChoiceIsFreeResponse: options without a right one cannot be
// mastered by choosing.
func TestBrokenChoiceIsFreeResponse(t *testing.T) {
	if chosen(course.Question{Kind: course.MultipleChoice, Options: []string{"a"}, Correct: -1}) {
		t.Error("a question without a right option is one of choice")
	}
}

// TestSameSizeRedraws: a terminal that comes back knows nothing of the screen.
func TestSameSizeRedraws(t *testing.T) {
	l := begin(t, 1, "", true)
	_, cmd := l.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	if cmd == nil {
		t.Fatal("the same size again draws nothing")
	}
	batch, ok := cmd().(tea.BatchMsg)
	if !ok || len(batch) != 2 || batch[0]() != tea.ClearScreen() {
		t.Errorf("got %T, want a cleared screen", cmd())
	}
}

// TestUnwritableFolder: the lesson goes on, and says so.
func TestUnwritableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := begin(t, 1, filepath.Join(file, "below"), true)
	l.keys("enter")
	if text := l.shown(); l.place.Page != 1 || !strings.Contains(text, "What you have done could not be kept") {
		t.Errorf("got\n%s", text)
	}
}
