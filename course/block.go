package course

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The documented format: one fenced ```json block in CLAUDE.md that holds an
// object with the key "stages".

// stagesBlock is a block that is, or was meant to be, the list of stages.
type stagesBlock struct {
	// stages is the value of the key; nil if the block is broken.
	stages *value
	line   int
	// broken says why the block cannot be read.
	broken *jsonError
}

var stagesKey = regexp.MustCompile(`"stages"\s*:`)

// findStages returns the blocks of a guide that speak of stages, in order.
// Blocks of anything else, such as templates of a learner's profile, are none.
func findStages(g guide) []stagesBlock {
	var found []stagesBlock
	for _, b := range g.blocks {
		if !stagesKey.MatchString(b.text) {
			continue
		}
		v, err := parseJSON([]byte(b.text), b.line)
		if err != nil {
			if !b.closed {
				err.message += " (the block has no closing fence)"
			}
			found = append(found, stagesBlock{line: err.line, broken: err})
			continue
		}
		if stages := v.get("stages"); stages != nil && !isPlainList(stages) {
			found = append(found, stagesBlock{stages: stages, line: stages.line})
		}
	}
	return found
}

// isPlainList reports whether v is a list of nothing but texts and numbers,
// which is how a learner's progress or a build pipeline looks.
func isPlainList(v *value) bool {
	return v.kind == listValue && len(v.items) > 0 &&
		!slices.ContainsFunc(v.items, func(item *value) bool { return !item.isScalar() })
}

// isStageList reports whether v looks like stages as an author writes them.
func isStageList(v *value) bool {
	if v == nil || v.kind != listValue {
		return false
	}
	return slices.ContainsFunc(v.items, func(item *value) bool {
		for _, key := range []string{"title", "stageNumber", "concepts", "quiz"} {
			if item.get(key) != nil {
				return true
			}
		}
		return false
	})
}

// readBlock reads the stages of the block format.
func readBlock(stages *value, n notes) []Stage {
	if stages.kind != listValue {
		n.errorf(stages.line, `"stages" must be a list of stages, not %s`, stages.kind)
		return nil
	}
	list := make([]numberedStage, 0, len(stages.items))
	check := newStageCheck()
	for i, item := range stages.items {
		if i == maxStages {
			n.errorf(item.line, "there are more than %d stages; split the course", maxStages)
			break
		}
		name := "stage " + strconv.Itoa(i+1)
		if item.kind != objectValue {
			n.errorf(item.line, "%s must be an object, not %s", name, item.kind)
			continue
		}
		f := fieldReader{item, name, n}
		s := readBlockStage(f, check)
		check.stage(s.Stage, f)
		list = append(list, s)
	}
	return inOrder(list, n)
}

// numberedStage is a stage with the number its author gave it; 0 if none.
type numberedStage struct {
	Stage
	line int
}

func readBlockStage(f fieldReader, check stageCheck) numberedStage {
	s := numberedStage{line: f.lineOf("stageNumber")}
	s.ID = f.line("id", Warning)
	s.Title = f.line("title", Error)
	s.Description = f.line("description", Warning)
	s.Number = readStageNumber(f)
	s.Concepts = readBlockConcepts(f, check)
	quizzes := []*value{f.object.get("quiz")}
	if quizzes[0] != nil && quizzes[0].kind == listValue {
		quizzes = quizzes[0].items
	}
	for i, q := range quizzes {
		if q == nil || q.kind == nullValue {
			continue
		}
		name := "the quiz of " + f.name
		if len(quizzes) > 1 {
			name = "question " + strconv.Itoa(i+1) + " of " + f.name
		}
		if q.kind != objectValue {
			f.notes.errorf(q.line, "%s must be an object, not %s", name, q.kind)
			continue
		}
		s.Questions = addQuestion(s.Questions, readQuizObject(fieldReader{q, name, f.notes}), f.notes)
	}
	return s
}

func readStageNumber(f fieldReader) int {
	raw := strings.TrimSpace(f.raw("stageNumber", Error))
	if raw == "" {
		return 0
	}
	number, err := strconv.Atoi(raw)
	if err != nil || number < 1 {
		f.notes.errorf(f.lineOf("stageNumber"), `%s: "stageNumber" must be a whole number from 1 on, not %s`, f.name, quote(raw))
		return 0
	}
	return number
}

// inOrder sorts stages by their authors' numbers and numbers them anew from 1.
// If any stage has no number, the order of the file counts.
func inOrder(list []numberedStage, n notes) []Stage {
	missing := slices.IndexFunc(list, func(s numberedStage) bool { return s.Number == 0 })
	if missing >= 0 {
		n.warnf(list[missing].line, `stage %d has no "stageNumber", so stages come in the order of the file`, missing+1)
	} else {
		slices.SortStableFunc(list, func(a, b numberedStage) int { return a.Number - b.Number })
		for i := range list {
			switch {
			case i > 0 && list[i].Number == list[i-1].Number:
				n.errorf(list[i].line, `two stages have the "stageNumber" %d; give each its own`, list[i].Number)
			case i == 0 && list[i].Number != 1:
				n.warnf(list[i].line, `"stageNumber" starts at %d; learners see it as stage 1`, list[i].Number)
			case i > 0 && list[i].Number != list[i-1].Number+1:
				n.warnf(list[i].line, `"stageNumber" goes from %d to %d; learners see it as stage %d`, list[i-1].Number, list[i].Number, i+1)
			}
		}
	}
	stages := make([]Stage, len(list))
	for i, s := range list {
		stages[i] = s.Stage
		stages[i].Number = i + 1
	}
	return stages
}

// readBlockConcepts reads a stage's concepts, by position where all have one.
func readBlockConcepts(f fieldReader, check stageCheck) []Concept {
	type placed struct {
		Concept
		position float64
	}
	var list []placed
	inOrder := true
	for i, item := range f.list("concepts", Error) {
		name := "concept " + strconv.Itoa(i+1) + " of " + f.name
		if item.kind != objectValue {
			f.notes.errorf(item.line, "%s must be an object, not %s", name, item.kind)
			continue
		}
		if len(list) == maxConcepts {
			f.notes.errorf(item.line, "%s has more than %d concepts; split it", f.name, maxConcepts)
			break
		}
		c := fieldReader{item, name, f.notes}
		concept := Concept{ID: c.line("id", Warning), Title: c.line("title", Warning), Body: c.text("content", Error)}
		concept.Title = titleOr(concept.Title, concept.ID, c)
		check.concept(concept.ID, c)
		if concept.Body == "" {
			f.notes.warnf(item.line, "%s has no content", name)
		}
		position, err := strconv.ParseFloat(c.raw("position", Warning), 64)
		inOrder = inOrder && err == nil
		list = append(list, placed{concept, position})
	}
	if inOrder {
		slices.SortStableFunc(list, func(a, b placed) int {
			switch {
			case a.position < b.position:
				return -1
			case a.position > b.position:
				return 1
			}
			return 0
		})
	}
	var concepts []Concept
	for _, p := range list {
		concepts = append(concepts, p.Concept)
	}
	return concepts
}
