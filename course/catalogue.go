package course

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNotFound is wrapped by the errors of Find when no course has the name.
var ErrNotFound = errors.New("no such course")

// ErrAmbiguous is wrapped by the errors of Find when several courses have it.
var ErrAmbiguous = errors.New("more than one course")

// Catalogue is a fixed set of courses. It is safe for concurrent use, since
// nothing changes it; callers must not change the courses it hands out.
type Catalogue struct {
	courses []Course
	byID    map[string]int
}

// NewCatalogue makes a catalogue in the given order. Of two courses with the
// same id the first counts.
func NewCatalogue(courses []Course) *Catalogue {
	c := &Catalogue{byID: make(map[string]int, len(courses))}
	for _, course := range courses {
		if _, taken := c.byID[course.ID]; taken {
			continue
		}
		c.byID[course.ID] = len(c.courses)
		c.courses = append(c.courses, course)
	}
	return c
}

// All returns every course in order; never nil.
func (c *Catalogue) All() []Course {
	return append([]Course{}, c.courses...)
}

// ByID returns the course with exactly this id.
func (c *Catalogue) ByID(id string) (Course, bool) {
	i, ok := c.byID[id]
	if !ok {
		return Course{}, false
	}
	return c.courses[i], true
}

// Find returns the course that people mean by what they type: its id, else the
// only one whose id starts with the name, else the only one whose id or title
// contains it, all regardless of case. No name at all means the only course
// there is. The error wraps ErrNotFound or ErrAmbiguous and names the candidates.
func (c *Catalogue) Find(name string) (Course, error) {
	if course, ok := c.ByID(strings.TrimSpace(name)); ok {
		return course, nil
	}
	wanted := fold(cleanLine(name))
	tests := []func(Course) bool{
		func(x Course) bool { return fold(x.ID) == wanted },
		func(x Course) bool { return strings.HasPrefix(fold(x.ID), wanted) },
		func(x Course) bool {
			return strings.Contains(fold(x.ID), wanted) || strings.Contains(fold(x.Title), wanted)
		},
	}
	for _, test := range tests {
		found := slices.DeleteFunc(c.All(), func(x Course) bool { return !test(x) })
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1 && wanted == "":
			return Course{}, fmt.Errorf("%w is here, so name the one you mean: %s", ErrAmbiguous, idList(found))
		case len(found) > 1:
			return Course{}, fmt.Errorf("%w is called %s, so type more of its name: %s", ErrAmbiguous, quote(name), idList(found))
		}
	}
	if len(c.courses) == 0 {
		return Course{}, fmt.Errorf("%w as %s, since there are no courses here yet", ErrNotFound, quote(name))
	}
	return Course{}, fmt.Errorf("%w as %s, choose one of: %s", ErrNotFound, quote(name), idList(c.courses))
}

// idList names some courses for a message.
func idList(courses []Course) string {
	const most = 12
	var ids []string
	for _, c := range courses[:min(len(courses), most)] {
		ids = append(ids, c.ID)
	}
	list := strings.Join(ids, ", ")
	if more := len(courses) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}
