package web

import (
	"context"
	"time"
)

// pace is how long things take, or may take. Tests have less patience.
type pace struct {
	// ping is after how long a page that says nothing is asked for a sign of life,
	// which has to come within as long again.
	ping time.Duration
	// look is how often it is looked up whether one may still be here.
	look time.Duration
	// size is how long a page may take to say how large its terminal is.
	size time.Duration
	// draw is how long a page may draw nothing of the rest of a terminal that has
	// ended. A browser lets one that nobody looks at draw once a minute.
	draw time.Duration
	// closing is how long a page may take for the words with which it is left.
	closing time.Duration
	// body is how long the body of a call may take to come.
	body time.Duration
}

var everyday = pace{
	ping: 25 * time.Second, look: time.Minute, size: 10 * time.Second,
	draw: 90 * time.Second, closing: 5 * time.Second, body: 10 * time.Second,
}

// lingering is a context that ends some time after another: a message that is
// being written when that one ends is written to its end. The library would break
// off the connection instead, and with it the words that say why it ends.
func lingering(ctx context.Context, more time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(more, cancel) })
	return longer, func() { stop(); cancel() }
}
