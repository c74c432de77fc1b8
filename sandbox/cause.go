package sandbox

// Cause is what has taken a sandbox's life that did not end by itself, as far as
// its Backend can tell.
type Cause string

// The causes.
const (
	OutOfMemory Cause = "out-of-memory" // it used more than it may
	Evicted     Cause = "evicted"       // its host was short of resources
	HostLost    Cause = "host-lost"     // its host is gone, or shuts down
	Deleted     Cause = "deleted"       // somebody has deleted it past Lectern
	Unknown     Cause = "unknown"
)

// Died tells whether the sandbox was ended by none of those whom it is for, and
// by what.
func (e Exit) Died() (by Cause, died bool) {
	switch {
	case e.Cause != "":
		return e.Cause, true
	case e.Ending == Lost:
		return Unknown, true
	}
	return "", false
}
