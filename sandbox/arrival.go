package sandbox

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Arrival is a learner who waits in the queue or whose sandbox is being made.
type Arrival struct {
	Login    string
	Session  string // that a new sandbox will carry
	CourseID string
	Stage    int
	Since    time.Time
	Phase    Phase // the newest
}

// Arrivals tells who is on the way to a sandbox, in order of arrival: each from
// the beginning of Acquire to its end.
func (l *Lifecycle) Arrivals() []Arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Arrival, 0, len(l.arrivals))
	for _, a := range l.arrivals {
		all = append(all, *a)
	}
	return all
}

// arrive lists one who comes, with the phases that are reported, until gone is
// called.
func (l *Lifecycle) arrive(spec Spec, report func(Phase)) (reported func(Phase), gone func()) {
	a := &Arrival{
		Login: spec.Login, Session: spec.Session, CourseID: spec.CourseID, Stage: spec.Stage,
		Since: time.Now(), Phase: Phase{Kind: Queued},
	}
	l.mu.Lock()
	l.arrivals = append(l.arrivals, a)
	l.mu.Unlock()
	reported = func(p Phase) {
		l.mu.Lock()
		a.Phase = p
		l.mu.Unlock()
		report(p)
	}
	return reported, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if i := slices.Index(l.arrivals, a); i >= 0 {
			l.arrivals = slices.Delete(l.arrivals, i, i+1)
		}
	}
}

// Step is how long one phase took while a sandbox was made.
type Step struct {
	Kind PhaseKind
	Took time.Duration
}

// try has the Backend make a sandbox once, and measures that.
func (l *Lifecycle) try(ctx context.Context, spec Spec, report func(Phase)) (Sandbox, error) {
	steps := stopwatch{lap: time.Now()}
	sb, err := l.backend.Acquire(ctx, spec, func(p Phase) {
		steps.enter(p.Kind)
		report(p)
	})
	if l.rules.Started != nil {
		l.rules.Started(spec, steps.enter(Ready), err)
	}
	return sb, err
}

// stopwatch measures phases. The time before the first one is the first one's.
type stopwatch struct {
	mu    sync.Mutex
	lap   time.Time // when the present phase began
	now   PhaseKind
	steps []Step // one a kind, in the order in which they began
}

// enter begins a phase, of which Ready is none, and returns what has been
// measured before.
func (s *stopwatch) enter(kind PhaseKind) []Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != "" {
		now := time.Now()
		i := slices.IndexFunc(s.steps, func(step Step) bool { return step.Kind == s.now })
		if i < 0 {
			i = len(s.steps)
			s.steps = append(s.steps, Step{Kind: s.now})
		}
		s.steps[i].Took += now.Sub(s.lap)
		s.lap = now
	}
	if s.now = kind; kind == Ready {
		s.now = ""
	}
	return slices.Clone(s.steps)
}
