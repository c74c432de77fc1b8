package sandbox

import (
	"fmt"
	"time"
)

// CheckExtension refuses, in one sentence, what no sandbox can last: no time at all
// or more than most, which is what is left until the latest end that it can have.
func CheckExtension(d, most time.Duration) error {
	most = max(most.Truncate(time.Minute), 0)
	switch {
	case d <= 0:
		return fmt.Errorf("a session cannot be extended to end %s from now: ask for more than that", d)
	case d > most:
		return fmt.Errorf("this session can last %s more and not %s, however often it is extended", most, d)
	}
	return nil
}
