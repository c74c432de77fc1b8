package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// CheckExtension refuses, in one sentence, what no sandbox can last: no time at all
// or more than most, which is what is left until the latest end that it can have.
func CheckExtension(d, most time.Duration) error {
	most = max(most.Truncate(time.Minute), 0)
	switch {
	case d <= 0:
		return errors.New("a session cannot be extended to end at once: ask for a minute or more")
	case d <= most:
		return nil
	case most == 0:
		return errors.New("this session can last no longer: let its learner start the stage again")
	}
	// What is asked for by seconds too much must not read like what is possible.
	asked := max(d.Truncate(time.Minute), most+time.Minute)
	return fmt.Errorf("this session can last %s from now at most, and not %s: ask for less", Spoken(most), Spoken(asked))
}

// Spoken says a duration as people do, to the minute: "1 hour 30 minutes".
func Spoken(d time.Duration) string {
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
