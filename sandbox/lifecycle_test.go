package sandbox

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"
)

// house is a Backend in memory.
type house struct {
	mu     sync.Mutex
	live   map[string]*guest
	most   int    // how many there ever were at once
	listed func() // called in List after it has looked; may be nil
	make   func() // called in Acquire before there is one; may be nil

	phases   []PhaseKind // reported by Acquire before that
	failures []error     // of the first calls of Acquire
}

func newHouse(logins ...string) *house {
	h := &house{live: make(map[string]*guest)}
	for _, login := range logins {
		h.live[login] = &guest{house: h, info: Info{Login: login, Session: login, Attached: true}}
	}
	return h
}

func (h *house) Acquire(_ context.Context, s Spec, report func(Phase)) (Sandbox, error) {
	for _, kind := range h.phases {
		report(Phase{Kind: kind})
	}
	h.mu.Lock()
	if len(h.failures) > 0 {
		defer h.mu.Unlock()
		err := h.failures[0]
		h.failures = h.failures[1:]
		return nil, err
	}
	h.mu.Unlock()
	if h.make != nil {
		h.make()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	g := &guest{house: h, info: Info{Login: s.Login, Session: s.Session, Attached: true}}
	h.live[s.Login] = g
	h.most = max(h.most, len(h.live))
	return g, nil
}

// leave ends a learner's sandbox, of which nobody hears.
func (h *house) leave(login string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.live, login)
}

func (h *house) Find(_ context.Context, login string) (Sandbox, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g, ok := h.live[login]
	if !ok {
		return nil, false, nil
	}
	return g, true, nil
}

func (h *house) List(context.Context) ([]Info, error) {
	h.mu.Lock()
	var infos []Info
	for _, g := range h.live {
		info := g.info
		if g.listedAlone > 0 {
			info.Alone = g.listedAlone
		}
		infos = append(infos, info)
	}
	h.mu.Unlock()
	if h.listed != nil {
		h.listed()
	}
	return infos, nil
}

func (h *house) Watch(ctx context.Context, _ func(context.Context, Change) error) error {
	<-ctx.Done()
	return nil
}

// guest is a sandbox in a house.
type guest struct {
	Sandbox // what no test calls
	house   *house
	info    Info
	// listedAlone is what List tells instead of Info's; 0 is the same.
	listedAlone time.Duration
	reap        func(ctx context.Context, epoch int) error
}

func (g *guest) Made() Info { return g.info }

func (g *guest) Info(context.Context) (Info, error) {
	if g.info.Silent {
		return g.info, context.DeadlineExceeded
	}
	return g.info, nil
}

func (g *guest) Reap(ctx context.Context, epoch int, _ string) error { return g.reap(ctx, epoch) }

// open puts rules in force over the house for the rest of the test.
func (h *house) open(t *testing.T, rules Rules) *Lifecycle {
	t.Helper()
	rules.Log = slog.New(slog.DiscardHandler)
	l := NewLifecycle(h, rules)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestSilentOneIsReapedWhileTheQueueMoves(t *testing.T) {
	h := newHouse("ada")
	reaped := make(chan int)
	release := make(chan struct{})
	ada := h.live["ada"]
	ada.info.Silent, ada.info.Epoch = true, NoEpoch
	ada.reap = func(_ context.Context, epoch int) error {
		select {
		case reaped <- epoch:
			<-release // it takes its time
		default: // once is enough
		}
		return nil
	}
	l := h.open(t, Rules{MaxSessions: 2, Grace: time.Second})
	select {
	case epoch := <-reaped:
		if epoch != NoEpoch {
			t.Errorf("reaped as of epoch %d", epoch)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a sandbox that does not answer is not reaped")
	}
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := l.Acquire(ctx, Spec{Login: "bob"}, func(Phase) {}); err != nil {
		t.Errorf("bob waits for ada's: %v", err)
	}
	// Its own learner gets another one instead.
	sb, err := l.Acquire(ctx, Spec{Login: "ada", Session: "new"}, func(Phase) {})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := sb.Info(ctx); err != nil || info.Session != "new" {
		t.Errorf("ada is brought to %+v, %v", info, err)
	}
}

func TestChangeOfDateReapsNobody(t *testing.T) {
	h := newHouse("ada", "bob", "cyd")
	reaped := make(chan string, 64)
	for login, g := range h.live {
		g.info.Attached, g.info.DetachedAt = false, time.Now().Add(-24*time.Hour)
		g.reap = func(context.Context, int) error {
			select {
			case reaped <- login:
			default:
			}
			return nil
		}
	}
	h.live["bob"].info.Alone = time.Hour
	h.live["cyd"].listedAlone = 24 * time.Hour
	h.open(t, Rules{MaxSessions: 3, Grace: 200 * time.Millisecond})
	for range 2 { // all have been looked at in between
		select {
		case login := <-reaped:
			if login != "bob" {
				t.Errorf("%s has only just left and is reaped", login)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("bob has left for long and is not reaped")
		}
	}
}

// A learner whose sandbox is listed no earlier than it is made still takes a
// place while the list is on its way.
func TestClassStartKeepsToThePlaces(t *testing.T) {
	h := newHouse()
	making, made, ada := make(chan struct{}, 2), make(chan struct{}), make(chan error, 1)
	h.make = func() {
		making <- struct{}{}
		<-made
	}
	l := h.open(t, Rules{MaxSessions: 1, Grace: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	queued, lists := make(chan struct{}, 1), 0
	h.listed = func() { // only Run's goroutine calls it
		if lists++; lists == 2 { // bob's turn to be looked at
			close(made)
			if err := <-ada; err != nil { // ada has got hers, after the look
				t.Error(err)
			}
		}
	}
	go func() {
		_, err := l.Acquire(ctx, Spec{Login: "ada"}, func(Phase) {})
		ada <- err
	}()
	<-making
	bob := make(chan error, 1)
	go func() {
		_, err := l.Acquire(ctx, Spec{Login: "bob"}, func(p Phase) {
			if p.Kind == Queued {
				select {
				case queued <- struct{}{}:
				default:
				}
			}
		})
		bob <- err
	}()
	select {
	case <-queued:
		cancel()
		<-bob
	case err := <-bob:
		t.Errorf("bob got a second sandbox in a house of one (%v)", err)
	case <-time.After(10 * time.Second):
		t.Error("bob hears nothing")
	}
	if h.most > 1 {
		t.Errorf("there were %d sandboxes in a house of one", h.most)
	}
}
