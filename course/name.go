package course

import (
	"fmt"
	"strings"
)

// Name is the title without the number of the stage, which some authors write
// before it. Use it wherever the number stands beside it.
func (s Stage) Name() string {
	const between = " :.-–—·"
	rest, numbered := strings.CutPrefix(s.Title, fmt.Sprintf("Stage %d", s.Number))
	if rest = strings.TrimLeft(rest, " "); !numbered || strings.IndexAny(rest, between) != 0 {
		return s.Title
	}
	if rest = strings.TrimLeft(rest, between); rest != "" {
		return rest
	}
	return s.Title
}
