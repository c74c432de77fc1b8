package course

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScanFindsCourses(t *testing.T) {
	root := write(t, map[string]string{
		"CLAUDE.md":                        "# Notes of the repository\n",
		"b/two/CLAUDE.md":                  fenced(tomatoStages),
		"a/CLAUDE.md":                      "# A\n",
		"a/knowledge/courses.json":         tomatoModules,
		"a/knowledge/graph.json":           tomatoGraph,
		"a/inner/CLAUDE.md":                fenced(tomatoStages),
		"headless/knowledge/courses.json":  tomatoModules,
		".hidden/CLAUDE.md":                fenced(tomatoStages),
		"node_modules/x/CLAUDE.md":         fenced(tomatoStages),
		"a/notes/CLAUDE.md":                "# Notes of a course\n",
		"plain/README.md":                  "# Nothing\n",
		"pipeline/CLAUDE.md":               fenced(`{"stages": ["build", "test"]}`),
		strings.Repeat("d/", 14) + "x.txt": "",
	})
	outside := write(t, map[string]string{"CLAUDE.md": fenced(tomatoStages)})
	if err := os.Symlink(outside, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	report, err := Scan(root)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range report.Courses {
		ids = append(ids, fmt.Sprint(c.ID, " ", c.Usable()))
	}
	if got, want := strings.Join(ids, ", "), "a true, a-inner true, b-two true, headless false"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := lines(report.Courses[3].Problems); !strings.HasPrefix(got, "headless/CLAUDE.md: error: CLAUDE.md is missing") {
		t.Error(got)
	}
	if got := lines(report.Courses[0].Problems); !strings.HasPrefix(got, "a/knowledge/graph.json:4: warning:") {
		t.Errorf("files must be relative to the root: %s", got)
	}
	if got := lines(report.Problems); !strings.Contains(got, "folders deep") {
		t.Error(got)
	}
	// Neither the guide of the repository around the courses nor one inside of
	// a course may be taken for a course that is not finished.
	got := lines(report.Problems)
	if !strings.Contains(got, `pipeline/CLAUDE.md: warning: has no block with "stages"`) || strings.Count(got, "no course") != 1 {
		t.Error(got)
	}
	if !report.HasErrors() || len(report.Usable()) != 3 {
		t.Error("one of four courses has an error")
	}
}

func TestScanOfOneCourse(t *testing.T) {
	root := filepath.Join(write(t, map[string]string{"My Course/CLAUDE.md": fenced(tomatoStages)}), "My Course")
	report, err := Scan(root)
	if err != nil || len(report.Courses) != 1 {
		t.Fatal(report, err)
	}
	if c := report.Courses[0]; c.ID != "my-course" || c.Dir != root || report.HasErrors() {
		t.Errorf("%+v", c)
	}
}

func TestScanOfNothing(t *testing.T) {
	empty := t.TempDir()
	report, err := Scan(empty)
	if err != nil || len(report.Courses) != 0 || len(report.Problems) != 1 || !report.HasErrors() {
		t.Fatal(report, err)
	}
	if got := lines(report.Problems); !strings.HasPrefix(got, empty+": error: no course here: a course is a folder with a CLAUDE.md and either") {
		t.Error(got)
	}
	if _, err := Scan(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing root must be an error")
	}
}

func TestSameID(t *testing.T) {
	report, err := Scan(write(t, map[string]string{"a/b/CLAUDE.md": fenced(tomatoStages), "a-b/CLAUDE.md": fenced(tomatoStages)}))
	if err != nil || len(report.Courses) != 2 {
		t.Fatal(report, err)
	}
	if first, second := report.Courses[0], report.Courses[1]; !first.Usable() || second.Usable() || first.ID != second.ID ||
		!strings.Contains(lines(second.Problems), `the same id "a-b" as "a/b"`) {
		t.Errorf("%v\n%v", first.Problems, second.Problems)
	}
}

func TestTitles(t *testing.T) {
	const paper = `{"title": "On Tomatoes", "description": "A study.", "authors": [{"name": "A. B."}, "C. D.", {}]}`
	guide := func(heading string) string { return "# " + heading + "\n\nSome words\nof it.\n\nMore.\n" }
	block := "\n```json\n" + tomatoStages + "\n```\n"
	for name, test := range map[string]struct {
		files map[string]string
		want  string // "path: title | description | authors"
	}{
		"heading":         {map[string]string{"x/CLAUDE.md": guide("**Growing** `it`") + block}, "x: Growing it | Some words of it. | []"},
		"generic heading": {map[string]string{"my-first_course/CLAUDE.md": guide("Tutor's instructions") + block}, "my-first_course: My first course | Some words of it. | []"},
		"no heading":      {map[string]string{"x/CLAUDE.md": "Hello." + block}, "x: X |  | []"},
		"for the tutor":   {map[string]string{"x/CLAUDE.md": "# T\nYou are a tutor." + block}, "x: T |  | []"},
		"paper beside":    {map[string]string{"x/CLAUDE.md": guide("T") + block, "x/paper.json": paper}, "x: On Tomatoes | A study. | [A. B. C. D.]"},
		"paper above":     {map[string]string{"p/x/CLAUDE.md": guide("T") + block, "p/paper.json": paper}, "p/x: On Tomatoes | A study. | [A. B. C. D.]"},
		"paper too far":   {map[string]string{"p/x/y/CLAUDE.md": guide("T") + block, "p/paper.json": paper}, "p/x/y: T | Some words of it. | []"},
		"shared paper": {
			map[string]string{"p/x/CLAUDE.md": guide("T") + block, "p/y-z/CLAUDE.md": guide("Tutor") + block, "p/paper.json": paper},
			"p/x: T | A study. | [A. B. C. D.]\np/y-z: On Tomatoes — Y z | A study. | [A. B. C. D.]",
		},
		"same heading": {
			map[string]string{"x/CLAUDE.md": guide("T") + block, "y/CLAUDE.md": guide("t") + block},
			"x: T (x) | Some words of it. | []\ny: t (y) | Some words of it. | []",
		},
		"long description": {
			map[string]string{"x/CLAUDE.md": guide("T") + block, "x/paper.json": `{"description": "` + strings.Repeat("A few words of it. ", 30) + `"}`},
			"x: T | " + strings.TrimSpace(strings.Repeat("A few words of it. ", 30)) + " | []",
		},
		"broken paper": {map[string]string{"x/CLAUDE.md": guide("T") + block, "x/paper.json": "{"}, "x: T | Some words of it. | []"},
	} {
		t.Run(name, func(t *testing.T) {
			root := write(t, test.files)
			report, err := Scan(root)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range report.Courses {
				rel, err := filepath.Rel(root, c.Dir)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%s: %s | %s | %v", filepath.ToSlash(rel), c.Title, c.Description, c.Authors))
			}
			if strings.Join(got, "\n") != test.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), test.want)
			}
		})
	}
}

// A course has the same title however it is reached.
func TestPaperAboveTheRoot(t *testing.T) {
	root := write(t, map[string]string{
		"p/x/CLAUDE.md": "# Tutor\n```json\n" + tomatoStages + "\n```", "p/y/CLAUDE.md": fenced(tomatoStages),
		"p/paper.json": `{"title": "On Tomatoes"}`,
	})
	for _, dir := range []string{root, filepath.Join(root, "p"), filepath.Join(root, "p/x")} {
		report, err := Scan(dir)
		if err != nil || report.Courses[0].Title != "On Tomatoes — X" {
			t.Errorf("%s: %+v, %v", dir, report.Courses, err)
		}
	}
}

func TestReportAsJSONAndText(t *testing.T) {
	r := Report{Courses: []CourseReport{
		{
			Course:   Course{ID: "a", Title: "A <1>", Dir: "/c/a", Stages: []Stage{{Number: 1, Title: "S", Concepts: make([]Concept, 2), Questions: make([]Question, 1)}}},
			Problems: []Problem{{"a/CLAUDE.md", 3, Error, "wrong"}, {"a/x", 0, Warning, "odd"}},
		},
		{Course: Course{ID: "b", Title: "B", Dir: "/c/b"}},
	}}
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, out.Bytes()); err != nil {
		t.Fatal(err)
	}
	want := `{"courses":[{"id":"a","title":"A <1>","dir":"/c/a","stages":[{"number":1,"title":"S","concepts":2,"questions":1}],` +
		`"problems":[{"file":"a/CLAUDE.md","line":3,"severity":"error","message":"wrong"},{"file":"a/x","line":0,"severity":"warning","message":"odd"}]},` +
		`{"id":"b","title":"B","dir":"/c/b","stages":[],"problems":[]}]}`
	if compact.String() != want {
		t.Errorf("got\n%s\nwant\n%s", compact.String(), want)
	}
	out.Reset()
	if err := (Report{Problems: []Problem{{".", 0, Error, "none"}}}).WriteJSON(&out); err != nil || !strings.Contains(out.String(), `"courses": []`) || !strings.Contains(out.String(), `"none"`) {
		t.Error(out.String(), err)
	}
	out.Reset()
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	wantText := `a  A <1>
  /c/a
   1. S (2 concepts, 1 question)
a/CLAUDE.md:3: error: wrong
a/x: warning: odd

b  B
  /c/b

2 courses, 1 stage, 1 error, 1 warning.
`
	if out.String() != wantText {
		t.Errorf("got\n%s\nwant\n%s", out.String(), wantText)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var list []Problem
	n := notes{"f", &list}
	for range maxProblems + 10 {
		n.warnf(1, "odd")
	}
	if n.errorf(1, "wrong"); len(list) != maxProblems || !hasError(list) {
		t.Errorf("%d problems; an error must never get lost: %v", len(list), hasError(list))
	}
}
