package course

// stageCheck notes what is odd about the stages of a course, whatever their
// format.
type stageCheck struct{ stages, concepts seen }

func newStageCheck() stageCheck { return stageCheck{stages: seen{}, concepts: seen{}} }

// seen holds the names of what had an id first.
type seen map[string]string

// note notes an id that something earlier of the same kind has.
func (s seen) note(id string, f fieldReader) {
	if id == "" {
		return
	}
	if first, twice := s[id]; twice {
		f.notes.warnf(f.object.line, "%s has the id %s, as has %s", f.name, quote(id), first)
		return
	}
	s[id] = f.name
}

// concept notes an id that an earlier concept has.
func (c stageCheck) concept(id string, f fieldReader) { c.concepts.note(id, f) }

// stage notes what a stage lacks, and an id that an earlier one has.
func (c stageCheck) stage(s Stage, f fieldReader) {
	c.stages.note(s.ID, f)
	line := f.object.line
	if s.Title == "" {
		f.notes.warnf(line, "%s has no title", f.name)
	}
	if len(s.Concepts) == 0 {
		f.notes.warnf(line, "%s has no concepts, so there is nothing to teach", f.name)
	}
	if len(s.Questions) == 0 {
		f.notes.warnf(line, "%s has no questions, so what was learned cannot be checked", f.name)
	}
}

// titleOr returns the title, or one made of the id, noting that it is missing.
func titleOr(title, id string, f fieldReader) string {
	if title != "" {
		return title
	}
	f.notes.warnf(f.object.line, "%s has no title", f.name)
	if id != "" {
		return humanise(id)
	}
	return humanise(f.name)
}
