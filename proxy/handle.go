package proxy

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"

	"lectern/proxy/token"
)

// call is one request and what became of it.
type call struct {
	id      string
	started time.Time
	route   route
	query   string
	claims  token.Claims
	asked   asked

	quiet   bool
	status  int
	refused *refusal
	answer  answered
}

// handle answers every request there is.
func (p *Proxy) handle(w http.ResponseWriter, r *http.Request) {
	c := &call{id: "lectern_" + randomHex(8), started: time.Now(), route: elsewhere}
	if !p.enter() {
		f := unavailable(http.StatusServiceUnavailable, stopping, "The lab's proxy is being restarted: try again in a moment.")
		f.retryAfter = time.Second
		f.write(w, c.id)
		return
	}
	defer p.running.Done()
	// Without a limit a body that never comes would hold this goroutine, also
	// where net/http reads the rest of one that is refused.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyLimit)) // no connection that we serve lacks it
	leave, refused := p.visitors.enter(addressOf(r))
	if refused != nil { // counted and not logged, or the log would be what is flooded
		p.metrics.refusals.WithLabelValues(string(tooManyTries)).Inc()
		refused.write(w, c.id)
		return
	}
	defer leave()
	p.metrics.inFlight.Inc()
	defer p.metrics.inFlight.Dec()
	defer p.note(c) // also where the answer is broken off
	if greeting(r) {
		c.quiet, c.status = true, http.StatusOK
		return
	}
	if c.refused = p.serve(c, w, r); c.refused != nil {
		c.quiet, c.status = c.refused.quiet, c.refused.status
		p.tellRefused(c)
		c.refused.write(w, c.id)
	}
}

// serve is the way of a request, from the door to the upstream. What is cheap
// to find out comes first, and nothing of the body is read for who may not ask.
func (p *Proxy) serve(c *call, w http.ResponseWriter, r *http.Request) (refused *refusal) {
	if c.route, c.query, refused = routeOf(r); refused != nil {
		return refused
	}
	if refused = checkHeader(r); refused != nil {
		return refused
	}
	if c.claims, refused = p.identify(r); refused != nil {
		return refused
	}
	key, err := p.Key.Key()
	if err != nil {
		p.log.Error("the API key cannot be had", "error", err)
		return unavailable(http.StatusServiceUnavailable, noKey, "The lab has no key for the model's API: tell your instructor.")
	}
	leave, refused := p.sessions.enter(c.claims.Session)
	if refused != nil {
		return refused
	}
	defer leave()
	body, refused := p.bodies.read(c.claims.Session, r)
	if refused != nil {
		return refused
	}
	defer body.free()
	// What the client sends next may take as long as the answer does.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	if c.asked, refused = p.policy.check(body.bytes); refused != nil {
		return refused
	}
	c.asked.lesson = c.asked.lesson && !asksSummary(body.bytes)
	if c.route == messages { // counting costs nothing
		if refused = p.budget.check(r.Context(), c.claims.Login); refused != nil {
			return refused
		}
	}
	return p.forward(c, w, r, body, key)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
