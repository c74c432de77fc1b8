package course

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// WriteJSON writes the report as one JSON object:
//
//	{"courses":[{"id","title","dir",
//	  "stages":[{"number","title","concepts","questions"}],
//	  "problems":[{"file","line","severity","message"}]}]}
//
// Concepts and questions are counts. Arrays are never null. Problems that
// belong to no course follow in a top-level "problems", present only when there
// are any.
func (r Report) WriteJSON(w io.Writer) error {
	out := reportJSON{Courses: []courseJSON{}}
	for _, c := range r.Courses {
		cj := courseJSON{ID: c.ID, Title: c.Title, Dir: c.Dir, Stages: []stageJSON{}, Problems: problemsJSON(c.Problems)}
		for _, s := range c.Stages {
			cj.Stages = append(cj.Stages, stageJSON{s.Number, s.Title, len(s.Concepts), len(s.Questions)})
		}
		out.Courses = append(out.Courses, cj)
	}
	if len(r.Problems) > 0 {
		out.Problems = problemsJSON(r.Problems)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

type reportJSON struct {
	Courses  []courseJSON  `json:"courses"`
	Problems []problemJSON `json:"problems,omitempty"`
}

type courseJSON struct {
	ID       string        `json:"id"`
	Title    string        `json:"title"`
	Dir      string        `json:"dir"`
	Stages   []stageJSON   `json:"stages"`
	Problems []problemJSON `json:"problems"`
}

type stageJSON struct {
	Number    int    `json:"number"`
	Title     string `json:"title"`
	Concepts  int    `json:"concepts"`
	Questions int    `json:"questions"`
}

type problemJSON struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
}

func problemsJSON(problems []Problem) []problemJSON {
	list := make([]problemJSON, 0, len(problems))
	for _, p := range problems {
		list = append(list, problemJSON(p))
	}
	return list
}

// WriteText writes the report for people: every course with its stages and its
// problems as "file:line: severity: message", and one closing line that counts.
func (r Report) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	stages, errs, warnings := 0, 0, 0
	tell := func(problems []Problem) {
		for _, p := range problems {
			if p.Severity == Error {
				errs++
			} else {
				warnings++
			}
			fmt.Fprintln(out, p)
		}
	}
	for _, c := range r.Courses {
		fmt.Fprintf(out, "%s  %s\n", c.ID, c.Title)
		fmt.Fprintf(out, "  %s\n", cleanLine(c.Dir))
		for _, s := range c.Stages {
			fmt.Fprintf(out, "  %2d. %s (%s, %s)\n", s.Number, s.Title,
				counted(len(s.Concepts), "concept"), counted(len(s.Questions), "question"))
		}
		stages += len(c.Stages)
		tell(c.Problems)
		fmt.Fprintln(out)
	}
	tell(r.Problems)
	fmt.Fprintf(out, "%s, %s, %s, %s.\n", counted(len(r.Courses), "course"), counted(stages, "stage"),
		counted(errs, "error"), counted(warnings, "warning"))
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
