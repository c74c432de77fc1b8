package report

// The two requests with which a proxy that is a process of its own reaches the
// gateway. Both carry the shared secret as a bearer token (RFC 6750).
const (
	eventsPath  = "/v1/events"  // POST: an array of Event; answered with 204
	chargedPath = "/v1/charged" // GET, with ?login=: answered with charged
)

// maxBody bounds what is read of a request or an answer. A batch of the queue
// has a hundred events of some 300 bytes, and a few thousand where somebody's
// login is as long as a session token may be.
const maxBody = 2 << 20

// charged is what a learner has used of the budget today.
type charged struct {
	Tokens int64 `json:"tokens"`
}
