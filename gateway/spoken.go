package gateway

import (
	"fmt"
	"time"

	"lectern/sandbox"
)

// spoken says a duration as people do, to the minute.
func spoken(d time.Duration) string { return sandbox.Spoken(d) }

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
