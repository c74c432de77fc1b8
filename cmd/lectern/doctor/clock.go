package doctor

import (
	"context"
	"fmt"
	"time"
)

const (
	// tolerance is how far the clocks of gateway and proxy may be apart for session
	// tokens (proxy/token).
	tolerance = 30 * time.Second
	// built is a day before which this program was not there.
	built = "2026-01-01"
)

// clock compares this machine's with that of whoever has told the time.
func (d *Doctor) clock(context.Context) Finding {
	told, by := d.site.date, "the site of the keys"
	if d.cluster != nil && !d.cluster.date.IsZero() {
		told, by = d.cluster.date, "the API server"
	}
	return judgeClock(d.now(), told, by)
}

func judgeClock(now, told time.Time, by string) Finding {
	const mend = "let this machine take the time from the network: timedatectl set-ntp true"
	birth, err := time.Parse(time.DateOnly, built)
	switch {
	case err == nil && now.Before(birth):
		return bad(fmt.Sprintf("it shows %s, which is over", now.UTC().Format(time.DateOnly)), mend)
	case told.IsZero():
		return skipped("nobody was asked who tells the time")
	}
	apart := now.Sub(told).Abs().Round(time.Second)
	if apart > tolerance {
		return bad(fmt.Sprintf("it is %s away from that of %s; session tokens and limits of a day go wrong", apart, by), mend)
	}
	return good("agrees with " + by)
}
