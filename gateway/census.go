package gateway

import (
	"context"
	"time"

	"lectern/sandbox"
)

const (
	// censusFor is how long an answer of the backend counts.
	censusFor = 3 * time.Second
	// censusLimit is how long the backend may take to answer.
	censusLimit = 3 * time.Second
)

// census is what the backend has told of its sandboxes lately. Those who look
// now and then, such as kubelets, balancers and Prometheus, get it from here:
// however many they are, the backend is asked once in a while.
type census struct {
	list func(context.Context) ([]sandbox.Info, error)
	// ctx ends what is being asked. An answer is for all who wait for it, so
	// the impatience of one of them does not.
	ctx  context.Context
	keep time.Duration // how long an answer counts

	turn chan struct{} // holds a token while nobody uses the rest
	when time.Time
	live []sandbox.Info
	err  error
}

func newCensus(ctx context.Context, list func(context.Context) ([]sandbox.Info, error)) *census {
	c := &census{list: list, ctx: ctx, keep: censusFor, turn: make(chan struct{}, 1)}
	c.turn <- struct{}{}
	return c
}

// take returns the live sandboxes, or why they cannot be known. It returns
// within censusLimit of its turn, and others' are no longer.
func (c *census) take(ctx context.Context) ([]sandbox.Info, error) {
	select {
	case <-c.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { c.turn <- struct{}{} }()
	if !c.when.IsZero() && time.Since(c.when) < c.keep {
		return c.live, c.err
	}
	asking, cancel := context.WithTimeout(c.ctx, censusLimit)
	defer cancel()
	c.live, c.err = c.list(asking)
	c.when = time.Now()
	return c.live, c.err
}
