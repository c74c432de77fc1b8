package report

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	// maxBatch is how many events are sent at a time.
	maxBatch = 100
	// maxCounts is how many reports of used tokens and of refusals may wait. It is
	// enough for hours without a gateway, as those of one session are merged.
	maxCounts = 10_000
	// attemptLimit is how long the gateway may take for a batch.
	attemptLimit = 5 * time.Second
	// drainLimit is how long the queue goes on trying once it is told to end.
	drainLimit = 5 * time.Second

	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)

// Queue tells the gateway of events, in their order, until it has recorded them.
type Queue struct {
	gateway Gateway
	log     *slog.Logger

	mu      sync.Mutex
	waiting []*entry
	unsent  map[topic]*entry // those of waiting into which more can be merged
	counts  int              // how many of waiting count something, and may be lost
	lost    int              // reports that were dropped since the gateway last answered

	more   chan struct{} // something waits; holds one
	urgent chan struct{} // a learner waits for it; holds one
}

// entry is an event that waits.
type entry struct {
	event    Event
	topic    topic
	sent     bool // so that the gateway may have it, and it must stay as it is
	recorded chan struct{}
}

// topic is what an event is about. Events on the same topic can be told as one.
type topic struct {
	login, session, course string
	stage                  int
	day                    string // to which a budget belongs
	model                  string // whose tokens were used
	completes              int    // the stage that is complete
	refused                string // why
	used                   bool
}

func topicOf(e Event) topic {
	about := topic{login: e.Login, session: e.Session, course: e.Course, stage: e.Stage}
	if e.Used != nil {
		about.used, about.model, about.day = true, e.Used.Model, e.At.UTC().Format(time.DateOnly)
	}
	if e.Completed != nil {
		about.completes = e.Completed.Stage
	}
	if e.Refused != nil {
		about.refused = e.Refused.Reason
	}
	return about
}

// NewQueue gives a queue that delivers to g while its Run runs.
func NewQueue(g Gateway, log *slog.Logger) *Queue {
	return &Queue{
		gateway: g, log: log, unsent: map[topic]*entry{},
		more: make(chan struct{}, 1), urgent: make(chan struct{}, 1),
	}
}

// Tell queues an event, and gives it an ID if it has none. recorded is closed
// once the gateway has it; while the gateway cannot be reached, one that counts
// used tokens or refusals may be dropped for newer ones, and then recorded stays
// open.
func (q *Queue) Tell(e Event) (recorded <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	about := topicOf(e)
	if before := q.unsent[about]; before != nil {
		switch {
		case e.Used != nil:
			before.event.Used = sum(before.event.Used, e.Used)
		case e.Refused != nil:
			before.event.Refused = &Refused{Reason: e.Refused.Reason, Count: before.event.Refused.Count + e.Refused.Count}
		}
		return before.recorded
	}
	if e.ID == "" {
		e.ID = rand.Text()
	}
	added := &entry{event: e, topic: about, recorded: make(chan struct{})}
	q.waiting = append(q.waiting, added)
	q.unsent[about] = added
	if e.counts() {
		if q.counts++; q.counts > maxCounts {
			q.drop()
		}
	}
	wake(q.more)
	if e.Completed != nil {
		wake(q.urgent)
	}
	return added.recorded
}

// counts tells whether the event counts something, which may be lost in part. A
// completed stage may not.
func (e Event) counts() bool { return e.Completed == nil }

// sum merges two reports into one that belongs to nobody else.
func sum(a, b *Usage) *Usage {
	return &Usage{
		Model: a.Model, Input: a.Input + b.Input, Output: a.Output + b.Output,
		CacheRead: a.CacheRead + b.CacheRead, CacheWrite: a.CacheWrite + b.CacheWrite,
	}
}

func wake(sleeper chan struct{}) {
	select {
	case sleeper <- struct{}{}:
	default:
	}
}

// drop gives up the oldest report that counts something and was not sent.
func (q *Queue) drop() {
	at := slices.IndexFunc(q.waiting, func(e *entry) bool { return e.event.counts() && !e.sent })
	delete(q.unsent, q.waiting[at].topic)
	q.waiting = slices.Delete(q.waiting, at, at+1)
	q.counts--
	if q.lost++; q.lost == 1 {
		q.log.Error("the gateway has not taken reports for so long that the oldest ones of used tokens and of refusals are dropped", "waiting", q.counts)
	}
}

// Run delivers until ctx ends, and then for some seconds more what is left. It
// tries again until it succeeds, so the gateway may be given an event again. The
// error says that events are left.
func (q *Queue) Run(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drainLimit, end) })()
	pause, ending := minPause, ctx.Done()
	for {
		batch := q.next()
		if len(batch) == 0 {
			select {
			case <-q.more:
				continue
			case <-ctx.Done():
			}
			if batch = q.next(); len(batch) == 0 { // the last word may have come with the end
				return nil
			}
		}
		err := q.attempt(life, batch)
		if err == nil {
			q.done(len(batch))
			pause = minPause
			continue
		}
		q.log.Warn("the gateway has not taken reports; trying again", "events", len(batch), "pause", pause, "error", err)
		if !q.rest(life, ending, pause) {
			return fmt.Errorf("some reports to the gateway are not delivered: %w", err)
		}
		pause = min(2*pause, maxPause)
		if ending != nil && ctx.Err() != nil {
			pause, ending = minPause, nil
		}
	}
}

// rest waits for the next attempt: shorter where a learner waits or the queue is
// to end. It returns false when there is to be none.
func (q *Queue) rest(life context.Context, ending <-chan struct{}, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.urgent:
	case <-ending:
	case <-life.Done():
	}
	return life.Err() == nil
}

// next is the batch to send: those at the head, which from now on stay as they
// are.
func (q *Queue) next() []Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-q.urgent: // it goes now
	default:
	}
	n := min(len(q.waiting), maxBatch)
	batch := make([]Event, 0, n)
	for _, e := range q.waiting[:n] {
		if !e.sent {
			e.sent = true
			delete(q.unsent, e.topic)
		}
		batch = append(batch, e.event)
	}
	return batch
}

func (q *Queue) attempt(life context.Context, batch []Event) error {
	ctx, cancel := context.WithTimeout(life, attemptLimit)
	defer cancel()
	return q.gateway.Record(ctx, batch)
}

// done takes the first n out: the gateway has them.
func (q *Queue) done(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.waiting[:n] {
		close(e.recorded)
		if e.event.counts() {
			q.counts--
		}
	}
	q.waiting = slices.Delete(q.waiting, 0, n)
	if q.lost > 0 {
		q.log.Error("the gateway takes reports again; some tokens or refusals are not counted", "lost reports", q.lost)
		q.lost = 0
	}
}
