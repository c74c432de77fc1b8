package web

import (
	"context"
	"time"
)

// fallsSilent waits until the page gives no sign of life, which is true, or until
// ctx ends. heard counts what it says, and ask asks for an answer: it is asked
// once it has said nothing for some time, and has as long again.
//
// Whatever it says is a sign: behind the output that waits on a slow link a ping
// comes late, and so does its answer behind a long paste, while the page
// acknowledges the one and sends the other. That output can be written is none:
// it goes into the kernel's buffers, which take hours of what trickles to a page
// that hangs.
func fallsSilent(ctx context.Context, after time.Duration, heard func() int64, ask func(context.Context) error) bool {
	for {
		before := heard()
		select {
		case <-ctx.Done():
			return false
		case <-time.After(after):
		}
		if heard() == before && !answers(ctx, after, ask) && heard() == before {
			return ctx.Err() == nil
		}
	}
}

// answers asks the page, and waits for its answer for as long as it may take.
func answers(ctx context.Context, limit time.Duration, ask func(context.Context) error) bool {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if ask(within) == nil {
		return true
	}
	<-within.Done() // a ping that has to wait for output is given up before
	return false
}
