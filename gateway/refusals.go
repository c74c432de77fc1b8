package gateway

import (
	"log/slog"
	"net"
	"sync"
	"time"
)

// refusalsEvery is how often refused connections are logged: whoever is
// refused may come again at once, as often as they like.
const refusalsEvery = 10 * time.Second

// refusals logs the connections that were refused, the first of them at once
// and then how many more there were.
type refusals struct {
	log *slog.Logger

	mu     sync.Mutex
	logged time.Time
	unsaid int
}

func (r *refusals) add(remote net.Addr, reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.logged) < refusalsEvery {
		r.unsaid++
		return
	}
	r.log.Warn("refused a connection", "remote", remote, "reason", reason, "others", r.unsaid)
	r.logged, r.unsaid = time.Now(), 0
}
