package gateway

import (
	"fmt"
	"strings"
	"time"
)

// spoken says a duration as people do, to the minute: "1 hour 30 minutes".
func spoken(d time.Duration) string {
	d = d.Round(time.Minute)
	var parts []string
	for _, unit := range []struct {
		name string
		n    time.Duration
	}{{"hour", d / time.Hour}, {"minute", d % time.Hour / time.Minute}} {
		switch {
		case unit.n == 1:
			parts = append(parts, "1 "+unit.name)
		case unit.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", unit.n, unit.name))
		}
	}
	if len(parts) == 0 {
		return "less than a minute"
	}
	return strings.Join(parts, " ")
}

// short says how long something takes in the width of a column: "2h05m", "7m",
// "40s". Less than nothing, as where a clock was set, is nothing.
func short(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
