package web

import (
	"context"
	"time"
)

// fallsSilent waits until the page gives no sign of life, which is true, or until
// ctx ends. Whatever it says is one: behind the output that waits on a slow link
// a ping comes late, and so does its answer behind a long paste, while the page
// acknowledges the one and sends the other.
func (l *line) fallsSilent(ctx context.Context) bool {
	tick := time.NewTicker(l.server.pace.ping)
	defer tick.Stop()
	for before := l.heard.Load(); ; {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		if l.heard.Load() == before && !l.answers(ctx) && l.heard.Load() == before {
			return ctx.Err() == nil
		}
		before = l.heard.Load()
	}
}

// answers pings the page.
func (l *line) answers(ctx context.Context) bool {
	within, cancel := context.WithTimeout(ctx, l.server.pace.ping)
	defer cancel()
	if l.conn.Ping(within) == nil {
		return true
	}
	<-within.Done() // a ping that has to wait for output is given up before
	return false
}
