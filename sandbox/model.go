package sandbox

import "time"

// Bearer is a sandbox that may ask a model: what its session token says of it.
type Bearer struct {
	Login   string
	Session string
	// Name is the sandbox's own (Name).
	Name string
	// Address is where its requests come from, as the API proxy sees it: an IP
	// address, or "unix:" and the path of the socket on which the proxy listens
	// for this sandbox alone.
	Address  string
	CourseID string
	Stage    int
	Expires  time.Time
}

// Sign makes the session token of a sandbox.
type Sign func(Bearer) (token string, err error)

// Overtime is how much longer than a new session's life a sandbox can last: room
// for an instructor to extend it. A token is for all of that, since nothing can
// be handed to a tutor that runs already; what it opens ends with the sandbox,
// whose address is nobody's then.
const Overtime = 8 * time.Hour
