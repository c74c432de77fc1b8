package main

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// warmUp is how many requests go before those that count.
const warmUp = 50

func measure(ctx context.Context, o options, ways []*way) error {
	plain, stream := body(false), body(true)
	for i := range warmUp + o.requests {
		for _, w := range turn(ways, i) {
			_, whole, err := w.ask(ctx, plain, false)
			if err != nil {
				return err
			}
			if i >= warmUp {
				w.answers = append(w.answers, whole)
			}
		}
	}
	for i := range warmUp + o.streams {
		for _, w := range turn(ways, i) {
			first, _, err := w.ask(ctx, stream, true)
			if err != nil {
				return err
			}
			if i >= warmUp {
				w.firsts = append(w.firsts, first)
			}
		}
	}
	for round := range o.rounds {
		for _, w := range turn(ways, round) {
			if err := w.load(ctx, o, stream); err != nil {
				return err
			}
		}
	}
	return nil
}

// turn is the ways, another one first each time.
func turn(ways []*way, i int) []*way {
	at := i % len(ways)
	return slices.Concat(ways[at:], ways[:at])
}

// load has all connections ask for streams, one after the other, for a while.
func (w *way) load(ctx context.Context, o options, body []byte) error {
	before, err := w.cpuTime()
	if err != nil {
		return err
	}
	var (
		all     sync.WaitGroup
		done    atomic.Int64
		failure atomic.Pointer[error]
		began   = time.Now()
	)
	for range o.connections {
		all.Go(func() {
			for time.Since(began) < o.load && failure.Load() == nil {
				if _, _, err := w.ask(ctx, body, true); err != nil {
					failure.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	if err := failure.Load(); err != nil {
		return *err
	}
	after, err := w.cpuTime()
	if err != nil {
		return err
	}
	w.perSecond = append(w.perSecond, float64(done.Load())/took.Seconds())
	w.cpu = append(w.cpu, (after-before)/time.Duration(done.Load()))
	return nil
}

// quantile of what was measured, which it sorts.
func quantile[T float64 | time.Duration](measured []T, q float64) T {
	slices.Sort(measured)
	return measured[int(q*float64(len(measured)-1))]
}
