package course

import (
	"fmt"
	"path/filepath"
)

const whatACourseIs = `a course is a folder with a CLAUDE.md and either a ` + "```json" + ` block with "stages" in that file or a knowledge/courses.json`

// Load reads the course in a folder and gives it the id. It always returns what
// could be read; the problems say what is wrong, with files relative to dir.
// The course may be taught if CourseReport.Usable says so of both.
func Load(dir, id string) (Course, []Problem) {
	var problems []Problem
	s, err := openSite(dir)
	if err != nil {
		abs, absErr := filepath.Abs(dir)
		if absErr != nil {
			abs = dir
		}
		(notes{".", &problems}).errorf(0, "%v", err)
		return Course{ID: id, Title: humanise(filepath.Base(abs)), Dir: abs}, problems
	}
	defer s.close()
	return load(s.at("."), id)
}

// material is what a folder holds of a course.
type material struct {
	guide      guide
	hasGuide   bool // it could be read
	hasModules bool
	blocks     []stagesBlock
}

// inspect looks for a course in a folder; the flag tells whether there is one.
func inspect(f folder, n notes) (material, bool) {
	m := material{hasModules: f.has(modulesFile)}
	if !f.has(guideFile) {
		if m.hasModules {
			n.in(f.file(guideFile)).errorf(0, "CLAUDE.md is missing; write one that tells the tutor how to teach")
		}
		return m, m.hasModules
	}
	data, ok := f.read(guideFile, n)
	if ok {
		m.hasGuide = true
		m.guide = parseGuide(string(data))
		m.blocks = findStages(m.guide)
	}
	return m, !ok || m.hasModules || len(m.blocks) > 0
}

// isCourse reports whether there is a course in a folder.
func isCourse(f folder) bool {
	var ignored []Problem
	_, ok := inspect(f, notes{problems: &ignored})
	return ok
}

// load reads the course in a folder of a site.
func load(f folder, id string) (Course, []Problem) {
	var problems []Problem
	n := notes{f.label, &problems}
	c := Course{ID: id, Dir: f.dir()}
	m, ok := inspect(f, n)
	if !ok {
		n.errorf(0, "no course here: %s", whatACourseIs)
		c.Title = humanise(f.name())
		return c, problems
	}
	p := readPaper(f, n)
	c.Title, c.Description, c.Authors = titleOf(p, m.guide, f.name()), descriptionOf(p, m.guide), p.authors
	source := f.file(guideFile)
	c.Stages = m.stagesFromBlock(n.in(source))
	if c.Stages == nil && m.hasModules {
		source = f.file(modulesFile)
		c.Stages = stagesFromModules(f, n)
	}
	finish(&c, n.in(source))
	return c, problems
}

// stagesFromBlock reads the stages of CLAUDE.md; nil if it has none.
func (m material) stagesFromBlock(n notes) []Stage {
	var chosen *stagesBlock
	for i, b := range m.blocks {
		if b.broken != nil {
			n.errorf(b.line, `the block with "stages" is not valid JSON: %s`, b.broken.message)
			continue
		}
		// Beside courses.json an odd list is a template of something else.
		if m.hasModules && !isStageList(b.stages) {
			continue
		}
		if chosen == nil {
			chosen = &m.blocks[i]
		} else {
			n.warnf(b.line, `another block has "stages"; only the first, in line %d, counts`, chosen.line)
		}
	}
	if chosen == nil {
		return nil
	}
	if m.hasModules {
		n.warnf(chosen.line, `there are stages here and in %s; the ones here count`, modulesFile)
	}
	return append([]Stage{}, readBlock(chosen.stages, n)...)
}

// stagesFromModules reads the stages of knowledge/courses.json.
func stagesFromModules(f folder, n notes) []Stage {
	n = n.in(f.file(modulesFile))
	data, ok := f.read(modulesFile, n)
	if !ok {
		return nil
	}
	root, err := parseJSON(data, 1)
	if err != nil {
		n.errorf(err.line, "is not valid JSON: %s", err.message)
		return nil
	}
	return readModules(root, graphOf(f, n), n)
}

// graphOf reads knowledge/graph.json. A course need not have one, but one that
// is broken would silently leave out concepts.
func graphOf(f folder, n notes) graph {
	if !f.has(graphFile) {
		return nil
	}
	data, ok := f.read(graphFile, n)
	n = n.in(f.file(graphFile))
	if !ok {
		return nil
	}
	root, err := parseJSON(data, 1)
	if err != nil {
		n.errorf(err.line, "is not valid JSON: %s", err.message)
		return nil
	}
	return readGraph(root, n)
}

// finish fills in what every course must have.
func finish(c *Course, n notes) {
	if len(c.Stages) == 0 && !hasError(*n.problems) {
		n.errorf(0, "the course has no stages; add at least one")
	}
	for i := range c.Stages {
		if s := &c.Stages[i]; s.Title == "" {
			s.Title = fmt.Sprintf("Stage %d", s.Number)
		}
	}
}
