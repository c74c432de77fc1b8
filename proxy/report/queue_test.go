package report

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// notebook is a gateway that records what it is given, and does before that what
// the test says.
type notebook struct {
	mu      sync.Mutex
	before  func(ctx context.Context, attempt int) error
	after   func(attempt int) error // once it is recorded
	batches [][]Event
	tries   int
}

func (n *notebook) Record(ctx context.Context, events []Event) error {
	n.mu.Lock()
	n.tries++
	attempt, before, after := n.tries, n.before, n.after
	n.mu.Unlock()
	if before != nil {
		if err := before(ctx, attempt); err != nil {
			return err
		}
	}
	n.mu.Lock()
	n.batches = append(n.batches, events)
	n.mu.Unlock()
	if after != nil {
		return after(attempt)
	}
	return nil
}

func (n *notebook) ChargedToday(context.Context, string) (int64, error) { return 0, nil }

// ids are those of the events in the order in which they came.
func (n *notebook) ids() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []string
	for _, batch := range n.batches {
		for _, e := range batch {
			all = append(all, e.ID)
		}
	}
	return strings.Join(all, " ")
}

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func completes(id string, stage int) Event {
	return Event{ID: id, At: noon, Login: "ada", Session: "s1", Course: "ssh", Stage: stage, Completed: &Completed{Stage: stage}}
}

func uses(id, session string, tokens int64) Event {
	return Event{ID: id, At: noon, Login: "ada", Session: session, Course: "ssh", Stage: 1, Used: &Usage{Model: "m", Input: tokens, Output: 1, CacheRead: 2, CacheWrite: 3}}
}

// running is a queue whose Run runs until the test ends it.
type running struct {
	*Queue
	log strings.Builder
	end func() error
}

func run(t *testing.T, g Gateway) *running {
	t.Helper()
	r := &running{}
	r.Queue = NewQueue(g, slog.New(slog.NewTextHandler(&r.log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.end = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = r.end() })
	return r
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestToldIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notebook
		q := run(t, &n)
		synctest.Wait()
		first := q.Tell(completes("a", 1))
		<-first
		second := q.Tell(completes("", 2))
		<-second
		if err := q.end(); err != nil {
			t.Error(err)
		}
		ids := strings.Fields(n.ids())
		if len(ids) != 2 || ids[0] != "a" || len(ids[1]) < 16 {
			t.Errorf("recorded: %q", ids)
		}
	})
}

func TestTheGatewayFailsAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		n := notebook{before: func(context.Context, int) error {
			if time.Since(begun) < time.Minute {
				return errors.New("connection refused")
			}
			return nil
		}}
		q := run(t, &n)
		recorded := q.Tell(completes("a", 1))
		for i := range 3 {
			time.Sleep(time.Second)
			q.Tell(completes(fmt.Sprint(i), 2+i))
		}
		if closed(recorded) {
			t.Error("it says that an event is recorded that is not")
		}
		<-recorded
		synctest.Wait()
		if took := time.Since(begun); took > time.Minute+maxPause {
			t.Errorf("it comes only after %v", took)
		}
		if n.ids() != "a 0 1 2" {
			t.Errorf("recorded: %s", n.ids())
		}
		if n.tries > 25 {
			t.Errorf("a gateway that is down was asked %d times in a minute", n.tries)
		}
		if !strings.Contains(q.log.String(), "connection refused") {
			t.Errorf("the log says nothing of it: %s", q.log.String())
		}
	})
}

// The gateway has recorded a batch, and its answer is lost.
func TestSentAgainWithTheSameID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notebook{after: func(attempt int) error {
			if attempt == 1 {
				return context.DeadlineExceeded
			}
			return nil
		}}
		q := run(t, &n)
		recorded := q.Tell(uses("a", "s1", 10))
		synctest.Wait() // it was sent
		second := q.Tell(uses("b", "s1", 5))
		<-recorded
		<-second
		if n.ids() != "a a b" {
			t.Errorf("recorded: %s", n.ids())
		}
		if again := n.batches[1][0].Used.Input; again != 10 {
			t.Errorf("the second copy tells of %d tokens", again)
		}
	})
}

func TestAGatewayThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notebook{before: func(ctx context.Context, attempt int) error {
			if attempt == 1 {
				<-ctx.Done()
			}
			return ctx.Err()
		}}
		q := run(t, &n)
		begun := time.Now()
		<-q.Tell(completes("a", 1))
		if took := time.Since(begun); took < attemptLimit || took > attemptLimit+maxPause {
			t.Errorf("tried again after %v", took)
		}
	})
}

// A learner waits for a stage to be recorded, so it does not wait for the pause
// to be over that others have brought about.
func TestACompletedStageIsTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		n := notebook{}
		n.before = func(context.Context, int) error {
			n.mu.Lock()
			defer n.mu.Unlock()
			if down {
				return errors.New("down")
			}
			return nil
		}
		q := run(t, &n)
		q.Tell(uses("u", "s1", 1))
		time.Sleep(20 * time.Second)
		n.mu.Lock()
		down = false
		n.mu.Unlock()
		begun := time.Now()
		<-q.Tell(completes("c", 1))
		if took := time.Since(begun); took > 0 {
			t.Errorf("it takes %v", took)
		}
		if n.ids() != "u c" {
			t.Errorf("recorded: %s", n.ids())
		}
	})
}

func TestUsedTokensAreMergedUntilTheyAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		n := notebook{before: func(context.Context, int) error { <-let; return nil }}
		q := run(t, &n)
		q.Tell(uses("sent", "s1", 1))
		synctest.Wait()
		first := q.Tell(uses("a", "s1", 10))
		other := q.Tell(uses("b", "s2", 100))
		stage := q.Tell(completes("c", 1))
		tomorrow := uses("d", "s1", 1000)
		tomorrow.At = noon.Add(12 * time.Hour)
		q.Tell(tomorrow)
		model := uses("e", "s1", 10_000)
		model.Used.Model = "n"
		q.Tell(model)
		if q.Tell(uses("f", "s1", 20)) != first || q.Tell(uses("g", "s2", 200)) != other || q.Tell(completes("h", 1)) != stage {
			t.Error("not merged")
		}
		close(let)
		<-first
		if n.ids() != "sent a b c d e" {
			t.Fatalf("recorded: %s", n.ids())
		}
		if got := *n.batches[1][0].Used; got != (Usage{Model: "m", Input: 30, Output: 2, CacheRead: 4, CacheWrite: 6}) {
			t.Errorf("merged: %+v", got)
		}
		if got := n.batches[0][0].Used.Input; got != 1 {
			t.Errorf("what was sent has changed to %d", got)
		}
	})
}

func refuses(id, session, reason string, count int) Event {
	return Event{ID: id, At: noon, Login: "ada", Session: session, Course: "ssh", Stage: 1, Refused: &Refused{Reason: reason, Count: count}}
}

func TestRefusalsAreMergedUntilTheyAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		n := notebook{before: func(context.Context, int) error { <-let; return nil }}
		q := run(t, &n)
		q.Tell(refuses("sent", "s1", "rate", 1))
		synctest.Wait()
		first := q.Tell(refuses("a", "s1", "rate", 10))
		q.Tell(refuses("b", "s1", "tool", 100))
		q.Tell(refuses("c", "s2", "rate", 1000))
		q.Tell(uses("d", "s1", 1))
		if q.Tell(refuses("e", "s1", "rate", 20)) != first {
			t.Error("not merged")
		}
		close(let)
		<-first
		if n.ids() != "sent a b c d" {
			t.Fatalf("recorded: %s", n.ids())
		}
		if got := *n.batches[1][0].Refused; got != (Refused{Reason: "rate", Count: 30}) {
			t.Errorf("merged: %+v", got)
		}
		if got := n.batches[0][0].Refused.Count; got != 1 {
			t.Errorf("what was sent has changed to %d", got)
		}
	})
}

// TestRefusalsDisplaceNoStage: however many there are.
func TestRefusalsDisplaceNoStage(t *testing.T) {
	q := NewQueue(&notebook{}, slog.New(slog.DiscardHandler))
	q.Tell(completes("c", 1))
	for i := range maxCounts + 9 {
		q.Tell(refuses("", fmt.Sprint(i), "rate", 1))
	}
	if len(q.waiting) != maxCounts+1 || q.waiting[0].event.ID != "c" || q.lost != 9 {
		t.Errorf("%d wait, the first is %s, %d are lost", len(q.waiting), q.waiting[0].event.ID, q.lost)
	}
}

func TestTheOldestUsedAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		n := notebook{before: func(context.Context, int) error { <-let; return nil }}
		q := run(t, &n)
		q.Tell(uses("sent", "s", 1))
		synctest.Wait()
		stages := q.Tell(completes("c", 1))
		var first, last <-chan struct{}
		for i := range maxCounts + 4 {
			last = q.Tell(uses("", fmt.Sprint("s", i), 1))
			if i == 0 {
				first = last
			}
		}
		close(let)
		<-last
		<-stages
		if closed(first) {
			t.Error("the oldest one is said to be recorded")
		}
		if got := len(strings.Fields(n.ids())); got != maxCounts+1 {
			t.Errorf("%d are recorded", got)
		}
		if !strings.HasPrefix(n.ids(), "sent c ") {
			t.Errorf("the order: %.40s", n.ids())
		}
		for _, batch := range n.batches {
			if len(batch) > maxBatch {
				t.Errorf("a batch of %d", len(batch))
			}
		}
		synctest.Wait()
		if log := q.log.String(); strings.Count(log, "level=ERROR") != 2 || !strings.Contains(log, `"lost reports"=5`) {
			t.Errorf("the log: %s", log)
		}
	})
}

func TestTheRestIsDeliveredAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		n := notebook{before: func(context.Context, int) error {
			if time.Since(begun) < 12*time.Second {
				return errors.New("down")
			}
			return nil
		}}
		q := run(t, &n)
		recorded := q.Tell(completes("a", 1))
		time.Sleep(10 * time.Second)
		if err := q.end(); err != nil || !closed(recorded) {
			t.Errorf("recorded: %v, %v", closed(recorded), err)
		}
		if took := time.Since(begun); took > 14*time.Second {
			t.Errorf("it takes until %v", took)
		}
	})
}

// A report that comes with the end, as from the last answer that is cut off.
func TestToldAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notebook
		q := NewQueue(&n, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		synctest.Wait()
		recorded := q.Tell(completes("a", 1))
		cancel() // before the queue has looked
		if err := <-ended; err != nil || !closed(recorded) {
			t.Errorf("recorded: %v, %v", closed(recorded), err)
		}
	})
}

func TestTheEndIsBounded(t *testing.T) {
	for name, before := range map[string]func(context.Context, int) error{
		"down":  func(context.Context, int) error { return errors.New("down") },
		"hangs": func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() },
	} {
		synctest.Test(t, func(t *testing.T) {
			n := notebook{before: before}
			q := run(t, &n)
			q.Tell(completes("a", 1))
			time.Sleep(time.Second)
			begun := time.Now()
			if err := q.end(); err == nil {
				t.Errorf("%s: it says that all is delivered", name)
			}
			if took := time.Since(begun); took > drainLimit {
				t.Errorf("%s: it ends after %v", name, took)
			}
		})
	}
}

func TestManyTell(t *testing.T) {
	var n notebook
	n.after = func(attempt int) error {
		if attempt%3 == 0 {
			return errors.New("the answer is lost")
		}
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		q := run(t, &n)
		var all sync.WaitGroup
		for learner := range 20 {
			all.Go(func() {
				for i := range 20 {
					e := completes("", i+1)
					e.Session = fmt.Sprint(learner)
					<-q.Tell(e)
					q.Tell(uses("", e.Session, 1))
				}
			})
		}
		all.Wait()
		if err := q.end(); err != nil {
			t.Error(err)
		}
	})
	stages, tokens, seen := 0, int64(0), map[string]bool{}
	for _, batch := range n.batches {
		for _, e := range batch {
			switch {
			case seen[e.ID]:
			case e.Used != nil:
				tokens += e.Used.Input
			default:
				stages++
			}
			seen[e.ID] = true
		}
	}
	if stages != 400 || tokens != 400 {
		t.Errorf("%d stages and %d tokens are recorded", stages, tokens)
	}
}
