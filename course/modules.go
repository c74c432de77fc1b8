package course

import "strconv"

// The format of the public collection: knowledge/courses.json, a list of
// modules that hold lessons that hold exercises. A module is a stage.

const (
	guideFile   = "CLAUDE.md"
	modulesFile = "knowledge/courses.json"
	graphFile   = "knowledge/graph.json"
)

// moduleReader reads the modules of one course.
type moduleReader struct {
	notes notes
	graph graph
	// taught holds the concepts that have a lesson anywhere in the course, or
	// that a stage has already taken from the graph.
	taught map[string]bool
	// known holds every concept that any part of the course names.
	known map[string]bool
	check stageCheck
}

// readModules reads the stages of the modules format.
func readModules(root *value, g graph, n notes) []Stage {
	if root.kind != listValue {
		n.errorf(root.line, "must be a list of modules, not %s", root.kind)
		return nil
	}
	r := moduleReader{notes: n, graph: g, taught: map[string]bool{}, known: map[string]bool{}, check: newStageCheck()}
	r.collect(root)
	var stages []Stage
	for i, item := range root.items {
		name := "module " + strconv.Itoa(i+1)
		if item.kind != objectValue {
			n.errorf(item.line, "%s must be an object, not %s", name, item.kind)
			continue
		}
		if len(stages) == maxStages {
			n.errorf(item.line, "there are more than %d modules; split the course", maxStages)
			break
		}
		f := fieldReader{item, name, n}
		s := r.stage(f)
		s.Number = len(stages) + 1
		r.check.stage(s, f)
		stages = append(stages, s)
	}
	return stages
}

// collect learns which concepts there are, before any is missed.
func (r moduleReader) collect(root *value) {
	for id := range r.graph {
		r.known[id] = true
	}
	for _, module := range root.items {
		for _, id := range itemsOf(module.get("concepts")) {
			r.known[cleanLine(id.text)] = true
		}
		for _, lesson := range itemsOf(module.get("lessons")) {
			if id := lesson.get("concept_id"); id != nil {
				r.known[cleanLine(id.text)] = true
				r.taught[cleanLine(id.text)] = true
			}
		}
	}
}

func itemsOf(v *value) []*value {
	if v == nil || v.kind != listValue {
		return nil
	}
	return v.items
}

func (r moduleReader) stage(f fieldReader) Stage {
	s := Stage{ID: f.line("id", Warning), Title: f.line("title", Error), Description: f.line("description", Warning)}
	for i, item := range f.list("lessons", Error) {
		name := "lesson " + strconv.Itoa(i+1) + " of " + f.name
		if item.kind != objectValue {
			r.notes.errorf(item.line, "%s must be an object, not %s", name, item.kind)
			continue
		}
		if len(s.Concepts) == maxConcepts {
			r.notes.errorf(item.line, "%s has more than %d lessons; split it", f.name, maxConcepts)
			break
		}
		lesson := fieldReader{item, name, r.notes}
		concept := r.concept(lesson)
		s.Concepts = append(s.Concepts, concept)
		for _, q := range readExercises(lesson, concept.ID) {
			s.Questions = addQuestion(s.Questions, q, r.notes)
		}
	}
	s.Concepts = append(s.Concepts, r.conceptsWithoutLesson(f)...)
	return s
}

// concept reads the page of a lesson.
func (r moduleReader) concept(f fieldReader) Concept {
	c := Concept{
		ID:       f.line("concept_id", Error),
		Title:    f.line("title", Warning),
		KeyIdeas: f.lines("key_ideas"),
		CodeRef:  joinLines(f.lines("code_ref")),
		PaperRef: joinLines(f.lines("paper_ref")),
	}
	if c.ID == "" {
		r.notes.warnf(f.object.line, `%s has no "concept_id"`, f.name)
	}
	c.Title = titleOr(c.Title, c.ID, f)
	r.check.concept(c.ID, f)
	c.Body = stripRepeats(f.text("content", Error), c.KeyIdeas)
	if c.Body == "" {
		c.Body = f.text("explanation", Error)
	}
	if c.Body == "" {
		r.notes.warnf(f.object.line, "%s has no content and no explanation", f.name)
	}
	for _, id := range f.lines("prerequisites") {
		if !r.known[id] {
			r.notes.warnf(f.lineOf("prerequisites"), "%s: the prerequisite %s is no concept of this course", f.name, quote(id))
		}
	}
	return c
}

// conceptsWithoutLesson makes pages of the concepts that a module names and
// only the graph describes.
func (r moduleReader) conceptsWithoutLesson(f fieldReader) []Concept {
	var concepts []Concept
	for _, item := range f.list("concepts", Warning) {
		id := cleanLine(item.text)
		if !item.isScalar() || id == "" || r.taught[id] || len(concepts) == maxConcepts {
			continue
		}
		concept, ok := r.graph[id]
		if !ok {
			r.notes.warnf(item.line, "%s: the concept %s has neither a lesson nor a node in %s and is left out", f.name, quote(id), graphFile)
			continue
		}
		r.taught[id] = true
		concepts = append(concepts, concept)
	}
	return concepts
}
