package gateway

import (
	"errors"
	"fmt"
)

// exceeded is the error of a connection or a session that is one too many.
type exceeded struct {
	bound bound
	words string // for whoever is refused
}

func exceeds(b bound, format string, args ...any) error {
	return &exceeded{b, fmt.Sprintf(format, args...)}
}

func (e *exceeded) Error() string { return e.words }

// boundOf is the bound that err says was reached.
func boundOf(err error) bound {
	var e *exceeded
	if errors.As(err, &e) {
		return e.bound
	}
	return otherWord
}
