package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// layer is one place that values come from; a later one wins.
type layer int

const (
	fromDefaults layer = iota
	fromFile
	fromEnvironment
	fromFlags
)

// origin tells where the value of a key was written.
type origin struct {
	layer layer
	name  string // of the file, the variable or the flag
	line  int    // in the file
	items []int  // lines of a list's items in the file
}

// item returns the origin of item i of a list.
func (o origin) item(i int) origin {
	if i < len(o.items) {
		o.line = o.items[i]
	}
	return o
}

// problem is one thing wrong with the settings.
type problem struct {
	origin  origin
	path    string // of the key; "" for the place as a whole
	message string
}

// Error returns the place and what is wrong, in one line.
func (p problem) Error() string {
	where := p.origin.name
	if p.origin.layer == fromFile {
		if p.origin.line > 0 {
			where += fmt.Sprintf(":%d", p.origin.line)
		}
		if p.path != "" {
			where += ": " + p.path
		}
	}
	return strings.Map(printable, where+": "+p.message)
}

// printable keeps foreign text from breaking the line or steering the terminal.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}

// problems collects what is wrong.
type problems []problem

func (ps *problems) add(o origin, path, format string, args ...any) {
	*ps = append(*ps, problem{origin: o, path: path, message: fmt.Sprintf(format, args...)})
}

// err joins the problems, those of the file first and in its order.
func (ps problems) err() error {
	slices.SortStableFunc(ps, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.origin.layer, b.origin.layer), cmp.Compare(a.origin.line, b.origin.line))
	})
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errors.Join(errs...)
}
