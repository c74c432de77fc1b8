package tutor

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	tea "charm.land/bubbletea/v2"

	"lectern/course"
)

// TestEveryStageOfRealCourses studies each stage to its end and answers as the
// course itself does: our own course, and others where they are at hand.
func TestEveryStageOfRealCourses(t *testing.T) {
	others := os.Getenv("LECTERN_TEST_COURSES")
	if others == "" {
		others = filepath.Join("..", "..", "..", "shared", "courses")
	}
	for name, dir := range map[string]string{"ours": filepath.Join("..", "..", "courses"), "others": others} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("no courses at %s; set LECTERN_TEST_COURSES to try others", dir)
			}
			report, err := course.Scan(dir)
			if err != nil || len(report.Usable()) == 0 {
				t.Fatalf("no courses: %v", err)
			}
			for _, c := range report.Usable() {
				for _, stage := range c.Stages {
					t.Run(c.ID+" "+strconv.Itoa(stage.Number), func(t *testing.T) { study(t, c, stage) })
				}
			}
		})
	}
}

// study goes through one stage with all answers right.
func study(t *testing.T, c course.Course, stage course.Stage) {
	m, err := NewModel(Options{Course: c, Stage: stage.Number, Link: &socket{}})
	if err != nil {
		t.Fatal(err)
	}
	l := &lesson{Model: m, t: t}
	l.do(tea.WindowSizeMsg{Width: 80, Height: 24})
	read := make(map[int]bool)
	for presses := 0; l.screen() != saving; presses++ {
		if presses > 2000 {
			t.Fatalf("the stage does not end:\n%s", l.shown())
		}
		if l.screen() != questioning {
			read[l.place.Page] = true
			l.keys("enter")
			continue
		}
		switch q := l.question(); {
		case l.place.Quiz.Phase == checking:
			l.keys("y")
		case l.place.Quiz.Phase != asking:
			l.keys("enter")
		case !chosen(q):
			l.keys(q.Answer, "enter")
		case l.place.Quiz.Choice < q.Correct:
			l.keys("down")
		default:
			l.keys("enter")
		}
	}
	if len(read) < 1+len(stage.Concepts) {
		t.Errorf("%d pages were shown, want the overview and %d concepts", len(read), len(stage.Concepts))
	}
	if len(stage.Concepts) == 0 || len(stage.Questions) == 0 {
		t.Errorf("the stage has %d concepts and %d questions", len(stage.Concepts), len(stage.Questions))
	}
	if len(l.sent) != 1 || l.sent[0].Stage != stage.Number || l.sent[0].Score != len(stage.Questions) {
		t.Errorf("sent %+v, want a score of %d", l.sent, len(stage.Questions))
	}
}
