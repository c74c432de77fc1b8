package course

import (
	"fmt"
	"testing"
)

// checkCourse fails if what was read breaks what Course promises.
func checkCourse(t *testing.T, stages []Stage, problems []Problem) {
	t.Helper()
	if needsCleaning(fmt.Sprintf("%+v", stages)) || needsCleaning(lines(problems)) {
		t.Error("control characters got through")
	}
	for i, s := range stages {
		if s.Number != i+1 {
			t.Errorf("stage %d has the number %d", i+1, s.Number)
		}
		ids := map[string]bool{}
		for _, q := range s.Questions {
			if q.ID == "" || ids[q.ID] || q.Prompt == "" {
				t.Errorf("%+v", q)
			}
			ids[q.ID] = true
			if !hasError(problems) && (q.Kind == MultipleChoice) != (q.Correct >= 0) {
				t.Errorf("%+v", q)
			}
		}
	}
	for _, p := range problems {
		if p.File == "" || p.Line < 0 || p.Message == "" {
			t.Errorf("%+v", p)
		}
	}
}

func FuzzStagesBlock(f *testing.F) {
	f.Add(fenced(tomatoStages))
	f.Add("~~~JSON\n{\"stages\": [{\"quiz\": [null, {\"question\": 1}]}]}")
	f.Add("# x\n````json\n```\n{\"stages\":[[]]}\n````")
	f.Fuzz(func(t *testing.T, text string) {
		var problems []Problem
		m := material{guide: parseGuide(text)}
		m.blocks = findStages(m.guide)
		stages := m.stagesFromBlock(notes{"CLAUDE.md", &problems})
		checkCourse(t, stages, problems)
		if needsCleaning(m.guide.heading + m.guide.intro) {
			t.Errorf("%q %q", m.guide.heading, m.guide.intro)
		}
	})
}

func FuzzModules(f *testing.F) {
	f.Add([]byte(tomatoModules), []byte(tomatoGraph))
	f.Add([]byte(`[{"lessons": [{"exercise": {"question": "x"}, "exercises": ["y", null, {}]}]}]`), []byte(`{"nodes": [null, {"id": 1}]}`))
	f.Fuzz(func(t *testing.T, modules, nodes []byte) {
		var problems []Problem
		n := notes{"f", &problems}
		var g graph
		if root, err := parseJSON(nodes, 1); err == nil {
			g = readGraph(root, n)
		}
		root, err := parseJSON(modules, 1)
		if err != nil {
			if err.line < 1 || err.message == "" {
				t.Errorf("%+v", err)
			}
			return
		}
		checkCourse(t, readModules(root, g, n), problems)
	})
}
