package config

import (
	"fmt"
	"regexp"
	"time"
)

// smallestMemory is what the smallest process needs to start at all. Less is a
// forgotten unit: 4 for 4Gi.
const smallestMemory Bytes = 16 << 20

// validator looks for values that were read well but cannot work, alone or
// together. Fields are named by their pointers, so that the compiler knows of
// every name.
type validator struct {
	*loader
	keys map[any]key
}

// refuse notes that the value of a field cannot be.
func (v validator) refuse(field any, format string, args ...any) {
	if path := v.keys[field].path; !v.failed[path] {
		v.fail(path, v.origins[path], format, args...)
	}
}

// refuseItem is refuse for item i of a list.
func (v validator) refuseItem(list any, i int, format string, args ...any) {
	path := v.keys[list].path
	if item := itemPath(path, i); !v.failed[item] {
		v.fail(item, v.origins[path].item(i), format, args...)
	}
}

// read tells whether all fields hold what their user wrote, so that it makes
// sense to compare them.
func (v validator) read(fields ...any) bool {
	for _, field := range fields {
		if v.failed[v.keys[field].path] {
			return false
		}
	}
	return true
}

// later returns the field that was set last, which is the one to blame when two
// do not fit; a when both come from the same place.
func (v validator) later(a, b any) any {
	if v.origins[v.keys[b].path].layer > v.origins[v.keys[a].path].layer {
		return b
	}
	return a
}

// notMore refuses that small is more than large.
func (v validator) notMore(small, large any, isMore bool) {
	if !isMore || !v.read(small, large) {
		return
	}
	s, l := v.keys[small], v.keys[large]
	if v.later(small, large) == small {
		v.refuse(small, "%s is more than %s, which is %s; lower it or raise that", s.text(), l.path, l.text())
	} else {
		v.refuse(large, "%s is less than %s, which is %s; raise it or lower that", l.text(), s.path, s.text())
	}
}

// positive refuses durations that are no time at all.
func (v validator) positive(fields ...*time.Duration) {
	for _, d := range fields {
		if *d <= 0 {
			v.refuse(d, "%s is too short; it must be more than zero", DurationText(*d))
		}
	}
}

func (v validator) atLeast(field *int, least int) {
	if *field < least {
		v.refuse(field, "%d is too small; it must be at least %d", *field, least)
	}
}

func (v validator) memory(field *Bytes) {
	if *field < smallestMemory {
		v.refuse(field, "%s is too small; it must be at least %s", *field, smallestMemory)
	}
}

func (v validator) present(field *string) {
	if *field == "" {
		v.refuse(field, "is empty; name a folder")
	}
}

// check refuses what a check of one value found.
func (v validator) check(field any, err error) {
	if err != nil {
		v.refuse(field, "%s", err)
	}
}

func (v validator) address(field *string, example int) { v.check(field, checkAddress(*field, example)) }

func (v validator) site(field *string) { v.check(field, checkSite(*field)) }

func (v validator) login(field *string) {
	if !loginText.MatchString(*field) {
		v.check(field, fmt.Errorf("%q is no login name; %s", *field, loginRule))
	}
}

// matches refuses text that does not have a form.
func (v validator) matches(field *string, form *regexp.Regexp, complaint string) {
	if !form.MatchString(*field) {
		v.refuse(field, "%q %s", *field, complaint)
	}
}

// items is matches for each item of a list.
func (v validator) items(list *[]string, form *regexp.Regexp, complaint string) {
	for i, item := range *list {
		if !form.MatchString(item) {
			v.refuseItem(list, i, "%q %s", item, complaint)
		}
	}
}
