package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// guessesAtOnce and guessEvery bound the links that do not work, from one
	// address: a class may sit behind one.
	guessesAtOnce = 20
	guessEvery    = 3 * time.Second
	// mostGuessers is how many addresses are remembered; then all start anew.
	mostGuessers = 10_000
)

// guesses bounds what links that do not work can cause: lines of the log and
// looks at the trail. It keeps nobody from opening one that works, since a class
// sits behind one address, of whom one could shut out all others; and to find one
// by trying is hopeless at any speed (codeBytes).
type guesses struct {
	now func() time.Time

	mu sync.Mutex
	by map[netip.Addr]*rate.Limiter
}

func newGuesses(now func() time.Time) *guesses {
	return &guesses{now: now, by: make(map[netip.Addr]*rate.Limiter)}
}

// network is what one guesser can have addresses of: all of the last 64 bits
// of IPv6 belong to one household.
func network(addr netip.Addr) netip.Addr {
	if prefix, err := addr.Prefix(64); addr.Is6() && err == nil {
		return prefix.Addr()
	}
	return addr
}

// failed notes a code that did not work, and tells whether an address has not
// come with too many of those.
func (g *guesses) failed(addr netip.Addr) (moderate bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := network(addr)
	l := g.by[key]
	if l == nil {
		if len(g.by) >= mostGuessers {
			clear(g.by)
		}
		l = rate.NewLimiter(rate.Every(guessEvery), guessesAtOnce)
		g.by[key] = l
	}
	return l.AllowN(g.now(), 1)
}
