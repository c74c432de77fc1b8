package course

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes files below a new folder and returns the folder.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// fenced is a CLAUDE.md with a JSON block that starts in line 4.
func fenced(json string) string {
	return "# Growing tomatoes\n\n```json\n" + json + "\n```\n\nTeach kindly.\n"
}

// lines shows problems one a line.
func lines(problems []Problem) string {
	var out []string
	for _, p := range problems {
		out = append(out, p.String())
	}
	return strings.Join(out, "\n")
}

const tomatoStages = `{"stages": [
  {"id": "b", "stageNumber": 2, "title": "Water", "concepts": [
    {"id": "drip", "title": "Drip", "content": "Slowly.", "position": 2},
    {"id": "soil", "title": "Soil", "content": "Loose.", "position": 1}],
   "quiz": [
    {"id": "q", "question": "How often?", "type": "free-response", "correctAnswer": "daily"},
    {"id": "q", "question": "Sum of 1 and 1\nAnswer with a number.", "type": "multiple_choice", "options": [1, 2, 3], "correctAnswer": 2, "explanation": "Count."}],
   "roomWidth": 20, "unknown": {}},
  {"id": "a", "stageNumber": 1, "title": "Seeds", "description": "First things.", "concepts": [
    {"id": "seed", "title": "Seed", "content": "Small."}],
   "quiz": {"id": "s", "question": "Which?", "type": "multiple-choice", "options": ["A) dry", "B) wet"], "correctAnswer": "b"}}
]}`

func TestStagesBlock(t *testing.T) {
	template := "```json\n{\"name\": \"<login>\", \"completed_stages\": [1]}\n```\n\n```json\n{\"stages\": [1, 2]}\n```\n"
	c, problems := Load(write(t, map[string]string{"CLAUDE.md": "\ufeff" + template + fenced(tomatoStages)}), "tomatoes")
	if len(problems) != 1 || !strings.Contains(lines(problems), `another question of the stage has the id "q"`) {
		t.Fatal(lines(problems))
	}
	if c.ID != "tomatoes" || c.Title != "Growing tomatoes" || len(c.Stages) != 2 {
		t.Fatalf("%+v", c)
	}
	seeds, water := c.Stages[0], c.Stages[1]
	if seeds.Title != "Seeds" || seeds.Number != 1 || seeds.Description != "First things." || water.Number != 2 {
		t.Errorf("stages must follow their numbers: %+v", c.Stages)
	}
	if water.Concepts[0].ID != "soil" || water.Concepts[1].Body != "Slowly." {
		t.Errorf("concepts must follow their positions: %+v", water.Concepts)
	}
	if q := seeds.Questions[0]; q.Correct != 1 || q.Answer != "wet" || q.Options[0] != "dry" {
		t.Errorf("%+v", q)
	}
	if q := water.Questions[0]; q.Kind != FreeResponse || q.Correct != -1 || q.Answer != "daily" || q.ID != "q" {
		t.Errorf("%+v", q)
	}
	if q := water.Questions[1]; q.Correct != 1 || q.Answer != "2" || q.Prompt != "Sum of 1 and 1" || q.Explanation != "Count." || q.ID != "question-1" {
		t.Errorf("%+v", q)
	}
}

func TestProblemsOfAStagesBlock(t *testing.T) {
	stage := func(fields string) string { return "{\"stages\": [\n{" + fields + "}\n]}" }
	const sound = `"title": "T", "stageNumber": 1, "concepts": [{"id": "c", "title": "C", "content": "x"}]`
	quiz := func(q string) string { return stage(sound + `, "quiz": ` + q) }
	for name, test := range map[string]struct{ json, want string }{
		"broken":             {"{\"stages\": [\n  {\"id\": \"a\",}\n]}", `CLAUDE.md:5: error: the block with "stages" is not valid JSON: invalid character '}'`},
		"ends early":         {"{\"stages\": [\n\n", `CLAUDE.md:4: error: the block with "stages" is not valid JSON: unexpected end`},
		"no list":            {`{"stages": {"a": {}}}`, `CLAUDE.md:4: error: "stages" must be a list of stages, not an object`},
		"no stages":          {`{"stages": []}`, `CLAUDE.md: error: the course has no stages`},
		"stage no object":    {"{\"stages\": [{},\n[]]}", `CLAUDE.md:5: error: stage 2 must be an object, not a list`},
		"number no number":   {stage(`"stageNumber": "one"`), `CLAUDE.md:5: error: stage 1: "stageNumber" must be a whole number from 1 on, not "one"`},
		"same number":        {"{\"stages\": [{\"stageNumber\": 1},\n{\"stageNumber\": 1}]}", `CLAUDE.md:5: error: two stages have the "stageNumber" 1`},
		"gap":                {"{\"stages\": [{\"stageNumber\": 1},\n{\"stageNumber\": 3}]}", `CLAUDE.md:5: warning: "stageNumber" goes from 1 to 3`},
		"late start":         {stage(`"stageNumber": 2`), `CLAUDE.md:5: warning: "stageNumber" starts at 2`},
		"no number":          {stage(`"title": "T"`), `CLAUDE.md:5: warning: stage 1 has no "stageNumber"`},
		"no title":           {stage(`"id": "x"`), `CLAUDE.md:5: warning: stage 1 has no title`},
		"no concepts":        {stage(`"title": "T"`), `CLAUDE.md:5: warning: stage 1 has no concepts`},
		"no questions":       {stage(sound), `CLAUDE.md:5: warning: stage 1 has no questions`},
		"title no text":      {stage(`"title": {}`), `CLAUDE.md:5: error: stage 1: "title" must be text, not an object`},
		"concepts no list":   {stage(`"concepts": 1`), `CLAUDE.md:5: error: stage 1: "concepts" must be a list, not a number`},
		"concept no object":  {stage(`"concepts": ["c"]`), `CLAUDE.md:5: error: concept 1 of stage 1 must be an object, not text`},
		"concept twice":      {stage("\"concepts\": [{\"id\": \"c\"},\n{\"id\": \"c\"}]"), `CLAUDE.md:6: warning: concept 2 of stage 1 has the id "c", as has concept 1 of stage 1`},
		"stage twice":        {"{\"stages\": [{\"id\": \"s\"},\n{\"id\": \"s\"}]}", `CLAUDE.md:5: warning: stage 2 has the id "s", as has stage 1`},
		"concept empty":      {stage(`"concepts": [{"id": "c"}]`), `CLAUDE.md:5: warning: concept 1 of stage 1 has no content`},
		"quiz no object":     {quiz(`"why"`), `CLAUDE.md:5: error: the quiz of stage 1 must be an object, not text`},
		"quiz empty":         {quiz(`{}`), `CLAUDE.md:5: error: the quiz of stage 1 has no question`},
		"answer no option":   {quiz("{\"question\": \"Q\", \"options\": [\"a\", \"b\"],\n\"correctAnswer\": \"5\"}"), `CLAUDE.md:6: error: the quiz of stage 1: the answer "5" is none of its options`},
		"no answer":          {quiz(`{"question": "Q", "options": ["a", "b"]}`), `CLAUDE.md:5: error: the quiz of stage 1 has no answer`},
		"no model answer":    {quiz(`{"question": "Q", "type": "code-challenge"}`), `CLAUDE.md:5: warning: the quiz of stage 1 has no answer to compare with`},
		"one option":         {quiz(`{"question": "Q", "options": ["a"], "correctAnswer": "a"}`), `CLAUDE.md:5: warning: the quiz of stage 1 has only one option`},
		"no options":         {quiz(`{"question": "Q", "type": "multiple-choice", "correctAnswer": "a"}`), `CLAUDE.md:5: error: the quiz of stage 1 is multiple choice but has no options`},
		"option no text":     {quiz("{\"question\": \"Q\", \"correctAnswer\": \"a\",\n\"options\": [\"a\", {}]}"), `CLAUDE.md:6: error: the quiz of stage 1: every option must be text, not an object`},
		"option twice":       {quiz(`{"question": "Q", "options": ["a", "a", "b"], "correctAnswer": "b"}`), `option 2 says the same as another`},
		"option empty":       {quiz(`{"question": "Q", "options": ["a", ""], "correctAnswer": "a"}`), `option 2 is empty`},
		"unknown type":       {quiz(`{"question": "Q", "type": "essay", "correctAnswer": "a"}`), `CLAUDE.md:5: warning: the quiz of stage 1 has the unknown type "essay"`},
		"options not shown":  {quiz(`{"question": "Q", "type": "free-response", "options": ["a"], "correctAnswer": "a"}`), `so its options are not shown`},
		"control characters": {quiz(`{"question": "Q\u001b[2J", "correctAnswer": "a"}`), `CLAUDE.md:5: warning: the quiz of stage 1: "question" holds control characters`},
		"too deep":           {`{"stages": [` + strings.Repeat("[", 80) + strings.Repeat("]", 80) + `]}`, `CLAUDE.md:4: error: the block with "stages" is not valid JSON: it is nested more than 64`},
		"too many stages":    {`{"stages": [` + strings.TrimSuffix(strings.Repeat("{},", maxStages+1), ",") + `]}`, `more than 200 stages`},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Load(write(t, map[string]string{"CLAUDE.md": fenced(test.json)}), "x")
			if !strings.Contains(lines(problems), test.want) {
				t.Errorf("got\n%s\nwant\n%s", lines(problems), test.want)
			}
		})
	}
}

func TestUnclosedBlock(t *testing.T) {
	_, problems := Load(write(t, map[string]string{"CLAUDE.md": "```json\n{\"stages\": []}\n\nTeach.\n"}), "x")
	if got := lines(problems); !strings.Contains(got, "CLAUDE.md:4: error") || !strings.Contains(got, "no closing fence") {
		t.Error(got)
	}
}

const tomatoModules = `[
  {"id": "m1", "title": "Start", "description": "How it starts.", "concepts": ["seed", "sun", "later", "ghost"],
   "lessons": [
    {"concept_id": "seed", "title": "The seed", "prerequisites": ["sun", "moon"],
     "key_ideas": ["Small", "Dry"], "code_ref": ["a.py", "b.py"], "paper_ref": "Book, p. 1",
     "content": "## Key Ideas\n\n- Small\n- Dry\n\n## Explanation\n\nA seed sleeps.\n\n## More\n\nIt wakes.",
     "explanation": "A seed sleeps.",
     "exercise": "What wakes it?\n1) Water\n2) Noise\nAnswer with a number.", "answer": "1",
     "exercises": [
       {"question": "What wakes it?\n1) Water\n2) Noise", "answer": "Water", "explanation": "again"},
       {"question": "True or False: it is alive.\nAnswer True or False.", "answer": "True, it only sleeps"}]}]},
  {"id": "m2", "title": "End", "lessons": [
    {"concept_id": "later", "title": "The fruit", "explanation": "Red.", "exercise": "Name its colour.", "answer": "red"}]}
]`

const tomatoGraph = `{"nodes": [
  {"id": "sun", "name": "The sun", "description": "Warm light.", "key_ideas": ["Light"], "code_refs": ["sun.go"], "paper_ref": "Sky"},
  {"id": "later", "name": "Not this one"},
  {"id": "sun", "name": "Again"}
], "edges": []}`

func TestModules(t *testing.T) {
	c, problems := Load(write(t, map[string]string{
		"CLAUDE.md": "# Tomatoes\n", "knowledge/courses.json": tomatoModules, "knowledge/graph.json": tomatoGraph,
	}), "t")
	want := `knowledge/graph.json:4: warning: the node "sun" appears twice; the first one counts
knowledge/courses.json:4: warning: lesson 1 of module 1: the prerequisite "moon" is no concept of this course
knowledge/courses.json:2: warning: module 1: the concept "ghost" has neither a lesson nor a node in knowledge/graph.json and is left out`
	if got := lines(problems); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(c.Stages) != 2 || c.Stages[0].Description != "How it starts." || c.Stages[1].Number != 2 {
		t.Fatalf("%+v", c.Stages)
	}
	seed, sun := c.Stages[0].Concepts[0], c.Stages[0].Concepts[1]
	if seed.Body != "A seed sleeps.\n\n## More\n\nIt wakes." || fmt.Sprint(seed.KeyIdeas) != "[Small Dry]" ||
		seed.CodeRef != "a.py; b.py" || seed.PaperRef != "Book, p. 1" {
		t.Errorf("%+v", seed)
	}
	if len(c.Stages[0].Concepts) != 2 || sun.Title != "The sun" || sun.Body != "Warm light." || sun.CodeRef != "sun.go" {
		t.Errorf("a concept without a lesson comes from the graph, one with a lesson elsewhere does not: %+v", c.Stages[0].Concepts)
	}
	questions := c.Stages[0].Questions
	if len(questions) != 2 {
		t.Fatalf("a question that stands twice is asked once: %+v", questions)
	}
	if q := questions[0]; q.ID != "seed-1" || q.ConceptID != "seed" || q.Answer != "Water" || q.Prompt != "What wakes it?" || q.Explanation != "A seed sleeps." {
		t.Errorf("%+v", q)
	}
	if q := questions[1]; q.ID != "seed-2" || q.Kind != MultipleChoice || q.Answer != "True" || q.Prompt != "True or False: it is alive." {
		t.Errorf("%+v", q)
	}
	if q := c.Stages[1].Questions[0]; q.Kind != FreeResponse || q.Answer != "red" {
		t.Errorf("%+v", q)
	}
	if body := c.Stages[1].Concepts[0].Body; body != "Red." {
		t.Errorf("without content the explanation is the page: %q", body)
	}
}

func TestProblemsOfModules(t *testing.T) {
	lesson := func(fields string) string {
		return "[{\"title\": \"M\", \"lessons\": [\n{" + fields + "}]}]"
	}
	for name, test := range map[string]struct{ json, want string }{
		"broken":          {"[\n{\"id\": 1\n", `knowledge/courses.json:2: error: is not valid JSON: unexpected end`},
		"two documents":   {"[]\n[]", `knowledge/courses.json:2: error: is not valid JSON: invalid character '[' after top-level value`},
		"no list":         {`{"modules": []}`, `knowledge/courses.json:1: error: must be a list of modules, not an object`},
		"empty":           {`[]`, `knowledge/courses.json: error: the course has no stages`},
		"module no obj":   {`["m"]`, `knowledge/courses.json:1: error: module 1 must be an object, not text`},
		"lesson no obj":   {`[{"title": "M", "lessons": [1]}]`, `error: lesson 1 of module 1 must be an object, not a number`},
		"lessons no list": {"[{\"title\": \"M\",\n\"lessons\": {}}]", `knowledge/courses.json:2: error: module 1: "lessons" must be a list, not an object`},
		"no concept id":   {lesson(`"title": "L"`), `knowledge/courses.json:2: warning: lesson 1 of module 1 has no "concept_id"`},
		"same id":         {"[{\"id\": \"m\"},\n{\"id\": \"m\"}]", `knowledge/courses.json:2: warning: module 2 has the id "m", as has module 1`},
		"empty text":      {lesson(`"concept_id": "c", "content": " "`), `knowledge/courses.json:2: warning: lesson 1 of module 1 has no content and no explanation`},
		"no text":         {lesson(`"concept_id": "c"`), `knowledge/courses.json:2: warning: lesson 1 of module 1 has no content and no explanation`},
		"no title":        {lesson(`"concept_id": "c"`), `knowledge/courses.json:2: warning: lesson 1 of module 1 has no title`},
		"exercise list":   {lesson(`"exercise": []`), `knowledge/courses.json:2: error: the exercise of lesson 1 of module 1 must be text, not a list`},
		"exercises text":  {lesson(`"exercises": "x"`), `error: lesson 1 of module 1: "exercises" must be a list, not text`},
		"exercises lists": {lesson(`"exercises": [[], []]`), `error: exercise 2 of lesson 1 of module 1 must be an object, not a list`},
		"no answer": {lesson("\"exercises\": [{\"question\": \"Q\\n1) a\\n2) b\",\n\"answer\": \"c\"}]"),
			`knowledge/courses.json:3: error: the exercise of lesson 1 of module 1: the answer "c" is none of its options`},
		"odd key ideas":  {lesson(`"key_ideas": [{}]`), `warning: lesson 1 of module 1: "key_ideas" must be a list of texts, not an object`},
		"bad characters": {"[{\"title\":\n\"M\xff\"}]", `knowledge/courses.json:2: warning: holds bytes that are not UTF-8`},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Load(write(t, map[string]string{"CLAUDE.md": "# T\n", "knowledge/courses.json": test.json}), "x")
			if !strings.Contains(lines(problems), test.want) {
				t.Errorf("got\n%s\nwant\n%s", lines(problems), test.want)
			}
		})
	}
}

func TestBothFormats(t *testing.T) {
	both := map[string]string{"CLAUDE.md": fenced(tomatoStages), "knowledge/courses.json": tomatoModules}
	c, problems := Load(write(t, both), "t")
	if c.Stages[0].Title != "Seeds" || !strings.Contains(lines(problems), "CLAUDE.md:4: warning: there are stages here and in knowledge/courses.json") {
		t.Errorf("the block must win: %+v\n%s", c.Stages, lines(problems))
	}
	// Beside modules, a template that happens to speak of stages is no course.
	for _, template := range []string{`{"stages": []}`, `{"stages": {"1": "done"}}`, `{"stages": [{"done": true}]}`} {
		both["CLAUDE.md"] = fenced(template)
		if c, problems := Load(write(t, both), "t"); len(c.Stages) != 2 || hasError(problems) {
			t.Errorf("%s: %s", template, lines(problems))
		}
	}
	// A broken block is what the author meant, so it is not passed over.
	both["CLAUDE.md"] = fenced(`{"stages": [,]}`)
	if c, problems := Load(write(t, both), "t"); len(c.Stages) != 2 || !hasError(problems) {
		t.Error(lines(problems))
	}
}

func TestTwoBlocks(t *testing.T) {
	c, problems := Load(write(t, map[string]string{"CLAUDE.md": fenced(tomatoStages) + fenced(tomatoStages)}), "t")
	if len(c.Stages) != 2 || hasError(problems) || !strings.Contains(lines(problems), `another block has "stages"; only the first, in line 4, counts`) {
		t.Error(lines(problems))
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Run("too large", func(t *testing.T) {
		big := "[" + strings.Repeat(" ", maxFileBytes) + "]"
		c, problems := Load(write(t, map[string]string{"CLAUDE.md": "# T", "knowledge/courses.json": big}), "x")
		if got := lines(problems); !strings.Contains(got, "knowledge/courses.json: error: cannot be read: it is larger than 8 MiB") || len(c.Stages) != 0 {
			t.Error(got)
		}
	})
	t.Run("too many values", func(t *testing.T) {
		many := "[" + strings.Repeat("1,", maxValues) + "1]"
		_, problems := Load(write(t, map[string]string{"CLAUDE.md": "# T", "knowledge/courses.json": many}), "x")
		if !strings.Contains(lines(problems), "more than 250000 values") {
			t.Error(lines(problems))
		}
	})
	t.Run("link out of the folder", func(t *testing.T) {
		dir := write(t, map[string]string{"course/CLAUDE.md": "# T", "course/knowledge/graph.json": "{}", "secret.json": tomatoModules})
		if err := os.Symlink("../../secret.json", filepath.Join(dir, "course/knowledge/courses.json")); err != nil {
			t.Fatal(err)
		}
		c, problems := Load(filepath.Join(dir, "course"), "x")
		if len(c.Stages) != 0 || !strings.Contains(lines(problems), "knowledge/courses.json: error: cannot be read: path escapes") {
			t.Errorf("%+v\n%s", c.Stages, lines(problems))
		}
	})
	t.Run("folder", func(t *testing.T) {
		_, problems := Load(write(t, map[string]string{"CLAUDE.md/x": "", "knowledge/courses.json": tomatoModules}), "x")
		if !strings.Contains(lines(problems), "CLAUDE.md: error: cannot be read: it is not a regular file") {
			t.Error(lines(problems))
		}
	})
	t.Run("nothing", func(t *testing.T) {
		c, problems := Load(filepath.Join(t.TempDir(), "no-such-folder"), "x")
		if !hasError(problems) || c.Title != "No such folder" || !filepath.IsAbs(c.Dir) {
			t.Errorf("%+v\n%s", c, lines(problems))
		}
		if _, problems := Load(write(t, map[string]string{"CLAUDE.md": "# Notes\n"}), "x"); !strings.Contains(lines(problems), "a course is a folder with") {
			t.Error(lines(problems))
		}
	})
}

func TestNothingSteersATerminal(t *testing.T) {
	const evil = `\u001b]0;owned\u0007\u001b[2J\u009b5A\u202eevil\u2066\r\u0000`
	stages := `{"stages": [{"title": "T` + evil + `", "description": "` + evil + `", "id": "` + evil + `", "concepts": [
		{"id": "` + evil + `", "title": "` + evil + `", "content": "` + evil + `"}],
		"quiz": {"id": "` + evil + `", "question": "Q` + evil + `", "options": ["a` + evil + `", "b"], "correctAnswer": "zz` + evil + `", "explanation": "` + evil + `"}}]}`
	dir := write(t, map[string]string{
		"CLAUDE.md":  "# He\x1b[31mad\u202e\n\nIn\x07tro\u009b1m.\n\n```json\n" + stages + "\n```\n",
		"paper.json": `{"title": "P` + evil + `", "description": "` + evil + `", "authors": [{"name": "` + evil + `"}]}`,
	})
	c, problems := Load(dir, "x")
	if len(c.Stages) != 1 || len(problems) == 0 {
		t.Fatal(lines(problems))
	}
	if shown := fmt.Sprintf("%+v\n%s", c, lines(problems)); needsCleaning(shown) || !strings.Contains(shown, "evil") {
		t.Errorf("%q", shown)
	}
}
