package gateway

import "sync"

const (
	// maxPerConnection is what OpenSSH allows too (MaxSessions).
	maxPerConnection = 10
	// maxPerLearner is more terminals than a person looks at.
	maxPerLearner = 20
)

// places counts the open sessions. Each costs memory for as long as it is
// open: a picker by the cells of its terminal, and every channel the 2 MiB
// that the SSH library lets a client send ahead.
type places struct {
	maxAll int

	mu           sync.Mutex
	all          int
	byLearner    map[string]int
	byConnection map[*connection]int
}

// take gives a session its place, which leave gives back, or tells why there
// is none.
func (p *places) take(login string, conn *connection) (leave func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.byConnection[conn] >= maxPerConnection:
		return nil, exceeds(ofConnection, "this connection has %d sessions already; close one and try again", maxPerConnection)
	case p.byLearner[login] >= maxPerLearner:
		return nil, exceeds(ofLearner, "you have %d sessions already; close one and try again", maxPerLearner)
	case p.maxAll > 0 && p.all >= p.maxAll:
		return nil, exceeds(ofAll, "there are %d sessions already; try again in a minute", p.all)
	}
	p.all++
	p.byLearner[login]++
	p.byConnection[conn]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all--
		giveBack(p.byLearner, login)
		giveBack(p.byConnection, conn)
	}, nil
}

// giveBack counts one less of key, and forgets a key that has none.
func giveBack[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}
