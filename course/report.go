package course

import (
	"fmt"
	"slices"
)

// Severity says how bad a Problem is.
type Severity string

const (
	// Error keeps a course from being taught.
	Error Severity = "error"
	// Warning is worth a look; the course can be taught all the same.
	Warning Severity = "warning"
)

// Problem is one thing that is wrong with a course, told to its author.
type Problem struct {
	// File is relative to the folder that was scanned, with slashes; for that
	// folder itself it is its absolute path.
	File string
	// Line counts from 1; 0 where the problem has no line.
	Line     int
	Severity Severity
	// Message is one sentence of plain text without control characters.
	Message string
}

// String gives the problem as "file:line: severity: message".
func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Severity, p.Message)
	}
	return fmt.Sprintf("%s: %s: %s", p.File, p.Severity, p.Message)
}

// CourseReport is a course, as far as it could be read, and what is wrong with it.
type CourseReport struct {
	Course
	Problems []Problem
}

// Usable reports whether the course may be taught: it has at least one stage
// and no error.
func (c CourseReport) Usable() bool {
	return len(c.Stages) > 0 && !hasError(c.Problems)
}

// Report is what Scan found.
type Report struct {
	// Courses are in the order of their paths.
	Courses []CourseReport
	// Problems are those that belong to no course, such as that there is none.
	Problems []Problem
}

// HasErrors reports whether anything in the report is an Error.
func (r Report) HasErrors() bool {
	return hasError(r.Problems) || slices.ContainsFunc(r.Courses, func(c CourseReport) bool {
		return hasError(c.Problems)
	})
}

// Usable returns the courses that may be taught, in order.
func (r Report) Usable() []Course {
	var courses []Course
	for _, c := range r.Courses {
		if c.Usable() {
			courses = append(courses, c.Course)
		}
	}
	return courses
}

func hasError(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error })
}

// maxProblems bounds what one course can make the reader scroll through.
const maxProblems = 200

// notes collects the problems of one file into the list of its course.
type notes struct {
	file     string
	problems *[]Problem
}

// in returns notes about another file of the same course.
func (n notes) in(file string) notes {
	n.file = cleanLine(file)
	return n
}

func (n notes) errorf(line int, format string, args ...any) {
	n.add(line, Error, format, args...)
}

func (n notes) warnf(line int, format string, args ...any) {
	n.add(line, Warning, format, args...)
}

func (n notes) add(line int, severity Severity, format string, args ...any) {
	p := Problem{File: n.file, Line: line, Severity: severity, Message: cleanLine(fmt.Sprintf(format, args...))}
	list := *n.problems
	switch {
	case len(list) < maxProblems:
		*n.problems = append(list, p)
	case severity == Error && !hasError(list):
		// The bound must never make a broken course look sound.
		list[len(list)-1] = p
	}
}

// quote shows a text of the author's in a message, shortened.
func quote(text string) string {
	const most = 60
	runes := []rune(cleanLine(text))
	if len(runes) > most {
		return fmt.Sprintf("%q", string(runes[:most])+"…")
	}
	return fmt.Sprintf("%q", string(runes))
}
