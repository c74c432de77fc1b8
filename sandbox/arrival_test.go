package sandbox

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// arrives has a learner acquire a sandbox; the phases come out of phases, the end
// out of done.
func (l *Lifecycle) arrives(ctx context.Context, login string) (phases <-chan Phase, done <-chan error) {
	reported, ended := make(chan Phase, 64), make(chan error, 1)
	go func() {
		sb, err := l.Acquire(ctx, Spec{Login: login, Session: login + "'s", CourseID: "c", Stage: 2}, func(p Phase) { reported <- p })
		if err == nil && sb.Made().Login != login {
			err = errors.New("it is another's")
		}
		ended <- err
	}()
	return reported, ended
}

// until waits for a phase of that kind.
func until(t *testing.T, phases <-chan Phase, kind PhaseKind) {
	t.Helper()
	for {
		select {
		case p := <-phases:
			if p.Kind == kind {
				return
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("it does not come to %q", kind)
		}
	}
}

func ends(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Acquire does not return")
		return nil
	}
}

func TestArrivals(t *testing.T) {
	h := newHouse()
	made := make(chan struct{})
	h.phases = []PhaseKind{Pulling}
	h.make = func() { <-made }
	l := h.open(t, Rules{MaxSessions: 1, Grace: time.Hour})
	began := time.Now()
	phases, ada := l.arrives(t.Context(), "ada")
	until(t, phases, Pulling)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	phases, bob := l.arrives(ctx, "bob")
	until(t, phases, Queued)
	all := l.Arrivals()
	if len(all) != 2 {
		t.Fatalf("on their way are %+v", all)
	}
	for i, want := range []Arrival{
		{Login: "ada", Phase: Phase{Kind: Pulling}},
		{Login: "bob", Phase: Phase{Kind: Queued, Position: 1, Length: 1}},
	} {
		got := all[i]
		if got.Since.Before(began) || got.Since.After(time.Now()) {
			t.Errorf("%s came at %s", got.Login, got.Since)
		}
		want.Session, want.CourseID, want.Stage, want.Since = want.Login+"'s", "c", 2, got.Since
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	cancel()
	if err := ends(t, bob); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(made)
	if err := ends(t, ada); err != nil {
		t.Error(err)
	}
	if all := l.Arrivals(); len(all) != 0 {
		t.Errorf("who has arrived is still on the way: %+v", all)
	}
}

func TestStartsAndWaitsAreTold(t *testing.T) {
	h := newHouse()
	h.phases = []PhaseKind{Scheduling, Pulling, Scheduling, Starting, Ready}
	fail := errors.New("no luck")
	h.failures = []error{fail, &Unavailable{Reason: "full", Full: true}}
	var (
		mu      sync.Mutex
		waited  []string
		started []error
	)
	l := h.open(t, Rules{
		MaxSessions: 1, Grace: time.Hour,
		Waited: func(spec Spec, d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			if d <= 0 || d > time.Minute {
				t.Errorf("%s waited for %s", spec.Login, d)
			}
			waited = append(waited, spec.Login)
		},
		Started: func(spec Spec, steps []Step, err error) {
			mu.Lock()
			defer mu.Unlock()
			var kinds []PhaseKind
			for _, step := range steps {
				if kinds = append(kinds, step.Kind); step.Took <= 0 {
					t.Errorf("%+v took no time", step)
				}
			}
			if spec.Login != "ada" || !slices.Equal(kinds, []PhaseKind{Scheduling, Pulling, Starting}) {
				t.Errorf("of %s there is told %v", spec.Login, steps)
			}
			started = append(started, err)
		},
	})
	_, ada := l.arrives(t.Context(), "ada")
	if err := ends(t, ada); err != nil {
		t.Error(err)
	}
	_, again := l.arrives(t.Context(), "ada") // is there already
	if err := ends(t, again); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	phases, bob := l.arrives(ctx, "bob")
	until(t, phases, Queued)
	cancel()
	_ = ends(t, bob)
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(waited, []string{"ada", "bob"}) {
		t.Errorf("waited have %v", waited)
	}
	var full *Unavailable
	if len(started) != 3 || started[0] != fail || !errors.As(started[1], &full) || started[2] != nil {
		t.Errorf("tried was %v", started)
	}
}

func TestReapedIsToldOnce(t *testing.T) {
	h := newHouse("ada", "bob")
	asked := make(chan string, 64)
	for login, g := range h.live {
		g.info.Attached, g.info.Alone = false, time.Hour
		g.reap = func(context.Context, int) error {
			select {
			case asked <- login:
			default:
			}
			if login == "bob" {
				return ErrJoined
			}
			return nil // and it takes its time
		}
	}
	reaped := make(chan string, 64)
	h.open(t, Rules{MaxSessions: 2, Grace: 200 * time.Millisecond, Reaped: func(of Info) { reaped <- of.Session }})
	for times := map[string]int{}; times["ada"] < 3 || times["bob"] < 3; {
		select {
		case login := <-asked:
			times[login]++
		case <-time.After(10 * time.Second):
			t.Fatal("nobody is reaped")
		}
	}
	if first := <-reaped; first != "ada" || len(reaped) > 0 {
		t.Errorf("told were %s and %d more", first, len(reaped))
	}
}

func TestBySession(t *testing.T) {
	h := newHouse("ada", "bob")
	h.live["ada"].info.Session = "0123456789abcdef"
	h.live["bob"].info.Session = "0123456789abcdee"
	l := NewLifecycle(h, Rules{})
	sb, err := l.BySession(t.Context(), "0123456789abcdef")
	if err != nil || sb.Made().Login != "ada" {
		t.Errorf("found %+v, %v", sb, err)
	}
	h.listed = func() { // the next of the same learner comes after the look
		h.live["bob"] = &guest{house: h, info: Info{Login: "bob", Session: "next"}}
	}
	for _, id := range []string{"", "0123", "0123456789abcdee", "0123456789abcdef "} {
		if sb, err := l.BySession(t.Context(), id); !errors.Is(err, ErrGone) {
			t.Errorf("by %q there is found %+v, %v", id, sb, err)
		}
	}
}
