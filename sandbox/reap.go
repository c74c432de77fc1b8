package sandbox

import (
	"context"
	"errors"
	"time"
)

// NobodyCameBack is what is said of a sandbox that was left alone for too long.
const NobodyCameBack = "Nobody came back to the session in time, so it was ended. What you have done is kept."

// reap ends the sandboxes that nobody has joined for longer than the grace, and
// those that answer no more, not even when they are asked to end. A gateway that
// has just started gives all of them a fresh grace.
func (l *Lifecycle) reap(ctx context.Context) {
	live, ok := l.list(ctx)
	if !ok {
		return
	}
	listed := make(map[string]bool)
	for _, info := range live {
		listed[info.Session] = l.reaped[info.Session]
		if !info.Silent && l.awaited(info) {
			continue
		}
		sb, ok, err := l.backend.Find(ctx, info.Login)
		if err != nil || !ok {
			continue
		}
		if !info.Silent { // what the list has may be from dates, and those change
			if now, err := sb.Info(ctx); err == nil && l.awaited(now) {
				continue
			}
		}
		err = sb.Reap(ctx, info.Epoch, NobodyCameBack)
		switch {
		case err == nil:
			// It may take a while to go, and be asked again meanwhile.
			if !listed[info.Session] && l.rules.Reaped != nil {
				l.rules.Reaped(info)
			}
			listed[info.Session] = true
		case !errors.Is(err, ErrGone) && !errors.Is(err, ErrJoined) && ctx.Err() == nil:
			l.rules.Log.Warn("could not reap a sandbox", "session", info.Session, "error", err)
		}
	}
	l.reaped = listed
}

// awaited tells whether somebody is joined, or may still come back. Both times
// are by clocks that no change of the date moves.
func (l *Lifecycle) awaited(info Info) bool {
	return info.Attached || min(info.Alone, time.Since(l.since)) < l.rules.Grace
}
