package course

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// realCourses returns the folder of courses of the public collection, which
// are not part of this repository.
func realCourses(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("LECTERN_TEST_COURSES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "courses")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real courses at %s; set LECTERN_TEST_COURSES to try them", dir)
	}
	return dir
}

func TestRealCourses(t *testing.T) {
	dir := realCourses(t)
	report, err := Scan(dir)
	if err != nil {
		t.Fatal(err)
	}
	stages := map[string]int{}
	for _, c := range report.Courses {
		stages[c.ID] = len(c.Stages)
		if len(c.Problems) > 0 || !c.Usable() {
			t.Errorf("%s: %s", c.ID, lines(c.Problems))
		}
		compareWithFile(t, c)
	}
	for id, want := range map[string]int{
		"attention-is-all-you-need-attension-is-all-you-need": 5,
		"attention-is-all-you-need-learn-in-40-seconds":       3,
		"ai-blockchain-longtail-core-ko":                      4,
	} {
		if stages[id] != want {
			t.Errorf("%s has %d stages, want %d", id, stages[id], want)
		}
	}
}

// compareWithFile checks every question against a plain reading of the file.
func compareWithFile(t *testing.T, c CourseReport) {
	t.Helper()
	type exercise struct{ Question, Answer string }
	var modules []struct {
		Lessons []struct {
			Exercise, Answer string
			Exercises        []exercise
		}
	}
	data, err := os.ReadFile(filepath.Join(c.Dir, "knowledge", "courses.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &modules); err != nil {
		t.Fatal(err)
	}
	for i, m := range modules {
		var answers []string
		for _, l := range m.Lessons {
			if l.Exercise != "" {
				answers = append(answers, l.Answer)
			}
			for _, e := range l.Exercises {
				answers = append(answers, e.Answer)
			}
		}
		questions := c.Stages[i].Questions
		if len(questions) != len(answers) {
			t.Errorf("%s, stage %d: %d questions, want %d", c.ID, i+1, len(questions), len(answers))
			continue
		}
		for k, q := range questions {
			if q.Kind != MultipleChoice || q.Answer != answers[k] || len(q.Options) < 2 {
				t.Errorf("%s, %s: %+v, want %q", c.ID, q.ID, q, answers[k])
			}
			for o, option := range q.Options {
				want := Wrong
				if o == q.Correct {
					want = Right
				}
				if got := q.Grade(option); got != want {
					t.Errorf("%s, %s: the option %q is graded %d", c.ID, q.ID, option, got)
				}
			}
		}
	}
}
