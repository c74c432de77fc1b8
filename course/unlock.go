package course

// Unlock is the rule by which stages open to a learner. Its values are the
// words of the configuration.
type Unlock string

const (
	// Sequential opens a stage when the one before it is done; the first is
	// always open. It is also what the empty value means.
	Sequential Unlock = "sequential"
	// AnyOrder opens every stage from the start.
	AnyOrder Unlock = "open"
)

// State is what a stage is to one learner.
type State string

// The states of a stage. A stage that is done may be entered again.
const (
	Done   State = "done"
	Open   State = "open"
	Locked State = "locked"
)

// StageState tells the state of the stage with the given number, counted from
// 1. Done reports which stages the learner has finished. Only the stage just
// before counts, so that a stage which an admin has granted opens its successor.
func StageState(number int, done func(stage int) bool, policy Unlock) State {
	switch {
	case number < 1:
		return Locked
	case done(number):
		return Done
	case policy == AnyOrder, number == 1, done(number - 1):
		return Open
	}
	return Locked
}
