package gateway

import (
	"lectern/gateway/auth"
	"lectern/sandbox"
)

// The values of the metrics' labels that no other package has a word for.

// bound is what there is too much of.
type bound string

const (
	ofAll        bound = "all"
	ofAddress    bound = "address"
	ofConnection bound = "connection"
	ofLearner    bound = "learner"
)

// notLookedUp is beside the reasons of auth: the fault was ours.
const notLookedUp auth.Reason = "error"

// sessionKind is what an SSH session shows.
type sessionKind string

const (
	inPicker  sessionKind = "picker"
	inSandbox sessionKind = "sandbox"
	inCommand sessionKind = "command"
	asAdmin   sessionKind = "admin" // whatever it shows
)

// startPhases are those of a start that take time.
var startPhases = []sandbox.PhaseKind{sandbox.Scheduling, sandbox.Pulling, sandbox.Starting, sandbox.Copying}

// failure is why a start came to no sandbox.
type failure string

const (
	noRoom      failure = "full"        // the backend has no room
	unavailable failure = "unavailable" // the backend cannot, as the learner was told
	cancelled   failure = "cancelled"   // nobody wanted it any more
	fault       failure = "fault"
)

// joining is how a terminal came to its sandbox.
type joining string

const (
	firstJoin   joining = "first"  // the sandbox was made for it
	joinedAgain joining = "again"  // the learner came back
	mended      joining = "mended" // the way was lost and found again
)

// direction is seen from the gateway: in is what learners type.
type direction string

const (
	typed direction = "in"
	shown direction = "out"
)

// orphan is what was the matter with a sandbox that was reaped.
type orphan string

const (
	leftAlone  orphan = "alone"
	fellSilent orphan = "silent"
)

// reported is what an event of the API proxy tells.
type reported string

const (
	reportedStage   reported = "completed"
	reportedTokens  reported = "used"
	reportedRefusal reported = "refused"
	reportedOdd     reported = "odd" // none of these, or several
)

// sandboxState is how a sandbox is doing.
type sandboxState string

const (
	connected sandboxState = "connected"
	detached  sandboxState = "detached"
	silent    sandboxState = "silent"
)
