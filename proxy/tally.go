package proxy

import (
	"sync"
	"time"

	"lectern/proxy/report"
)

// sumEvery is how long refusals are counted before the gateway is told: a tutor
// that is refused asks again, and again.
const sumEvery = time.Minute

// tally counts the refusals of each session until they are told as one.
type tally struct {
	tell func(report.Event)

	mu     sync.Mutex
	sums   map[refusedFor]report.Event
	timer  *time.Timer    // while there are any
	timing sync.WaitGroup // the timer, where it runs
}

type refusedFor struct {
	session string
	reason  reason
}

// add counts a refusal; e says whose.
func (t *tally) add(why reason, e report.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	about := refusedFor{e.Session, why}
	if before, ok := t.sums[about]; ok {
		before.Refused.Count++
		return
	}
	e.Refused = &report.Refused{Reason: string(why), Count: 1}
	if t.sums == nil {
		t.sums = make(map[refusedFor]report.Event)
	}
	t.sums[about] = e
	if t.timer == nil {
		t.timing.Add(1)
		t.timer = time.AfterFunc(sumEvery, func() {
			defer t.timing.Done()
			t.sumUp()
		})
	}
}

func (t *tally) sumUp() {
	t.mu.Lock()
	sums := t.sums
	t.sums, t.timer = nil, nil
	t.mu.Unlock()
	for _, e := range sums {
		t.tell(e)
	}
}

// close tells what was counted until now. Nothing may be added after it.
func (t *tally) close() {
	t.mu.Lock()
	if t.timer != nil && t.timer.Stop() {
		t.timing.Done()
	}
	t.mu.Unlock()
	t.timing.Wait()
	t.sumUp()
}

// tellRefused counts a request that was refused, where it is known whose it is.
// What the upstream has done to it is no refusal.
func (p *Proxy) tellRefused(c *call) {
	if c.claims.Session != "" && !c.refused.reason.upstreams() {
		p.tally.add(c.refused.reason, p.event(c))
	}
}
