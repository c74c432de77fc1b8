package auth

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

type addressKey struct{}

// From notes in ctx, for Identify, where the client connects from. Where many
// wait for their keys to be looked up, addresses take turns.
func From(ctx context.Context, addr net.Addr) context.Context {
	return context.WithValue(ctx, addressKey{}, networkOf(addr))
}

func fromOf(ctx context.Context) string {
	from, _ := ctx.Value(addressKey{}).(string)
	return from
}

// networkOf is what one client can hardly have several of: an IPv4 address, or
// the /64 of an IPv6 one.
func networkOf(addr net.Addr) string {
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return addr.String()
	}
	ip := at.Addr().Unmap()
	if ip.Is6() {
		if prefix, err := ip.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}

// queue gives turns at a limited pace. Those of one address stand behind each
// other, and the addresses take turns, so that nobody can fill it for others.
type queue struct {
	pace     rate.Limit
	limiter  *rate.Limiter
	patience time.Duration // the longest wait
	work     *work

	mu      sync.Mutex
	serving bool
	order   []string // the addresses with somebody in the queue, next first
	waiting map[string][]chan struct{}
}

func newQueue(pace rate.Limit, atOnce int, patience time.Duration, w *work) *queue {
	return &queue{
		pace: pace, limiter: rate.NewLimiter(pace, atOnce), patience: patience,
		work: w, waiting: map[string][]chan struct{}{},
	}
}

// wait returns true when it is the caller's turn. It is false when that would
// take longer than the queue's patience, or ctx ends.
func (q *queue) wait(ctx context.Context, from string) bool {
	turn, ok := q.stand(from)
	if !ok {
		return false
	}
	late := time.NewTimer(q.patience)
	defer late.Stop()
	select {
	case <-turn:
		return true
	case <-late.C:
	case <-ctx.Done():
	}
	return !q.withdraw(from, turn)
}

// stand puts somebody into the queue; turn is closed when it is theirs.
func (q *queue) stand(from string) (turn chan struct{}, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	turn = make(chan struct{})
	if !q.serving && q.limiter.Allow() {
		close(turn)
		return turn, true
	}
	if float64(q.ahead(from)) > q.patience.Seconds()*float64(q.pace) {
		return nil, false
	}
	if !q.serving {
		if !q.work.start(q.serve) {
			return nil, false
		}
		q.serving = true
	}
	if len(q.waiting[from]) == 0 {
		q.order = append(q.order, from)
	}
	q.waiting[from] = append(q.waiting[from], turn)
	return turn, true
}

// ahead is how many have their turn before a newcomer.
func (q *queue) ahead(from string) int {
	behind := len(q.waiting[from])
	n := 0
	for _, turns := range q.waiting {
		n += min(len(turns), behind+1)
	}
	return n
}

// serve gives turns until nobody waits.
func (q *queue) serve(ctx context.Context) {
	for {
		err := q.limiter.Wait(ctx)
		q.mu.Lock()
		if err != nil || len(q.order) == 0 {
			q.serving = false
			q.mu.Unlock()
			return
		}
		from := q.order[0]
		turns := q.waiting[from]
		close(turns[0])
		q.order = q.order[1:]
		q.keep(from, turns[1:])
		if len(turns) > 1 {
			q.order = append(q.order, from)
		}
		if len(q.order) == 0 {
			q.serving = false
			q.mu.Unlock()
			return
		}
		q.mu.Unlock()
	}
}

// withdraw takes somebody out of the queue; false means that they have their
// turn already.
func (q *queue) withdraw(from string, turn chan struct{}) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting[from], turn)
	if i < 0 {
		return false
	}
	q.keep(from, slices.Delete(q.waiting[from], i, i+1))
	if q.waiting[from] == nil {
		q.order = slices.DeleteFunc(q.order, func(other string) bool { return other == from })
	}
	return true
}

func (q *queue) keep(from string, turns []chan struct{}) {
	if len(turns) == 0 {
		delete(q.waiting, from)
		return
	}
	q.waiting[from] = turns
}
