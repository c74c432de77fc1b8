package audit

import (
	"net/netip"
	"sync"
	"time"
)

// Who is refused may come again at once, as often as they like, and from as
// many addresses as they have. So that they cannot fill the disk, the first
// refusal of a kind is recorded at once, those that follow within a minute are
// counted and recorded as one, and there are only so many kinds a minute.
const (
	sumEvery = time.Minute
	// mostStrangers is how many are told apart in a minute. Twice as many lines
	// and one is the most that strangers can cause: some 15 MB a day.
	mostStrangers = 20
)

// strangers counts the refusals of a minute.
type strangers struct {
	mu     sync.Mutex
	known  map[stranger]*repeated
	others repeated // whoever is one too many
	timer  *time.Timer
	timing sync.WaitGroup // the timer, where it runs
	closed bool
}

// stranger is what makes two refusals alike.
type stranger struct{ address, login, reason string }

// repeated is an event and how many more like it there were.
type repeated struct {
	event Event
	more  int
	since time.Time // when the first of those was
}

func (r *repeated) add(now time.Time) {
	if r.more++; r.more == 1 {
		r.since = now
	}
}

// Refuse records that somebody was refused of whom nothing is known for sure.
// The event's Remote is an address and a port.
func (t *Trail) Refuse(e Event) {
	if t == nil {
		return
	}
	e.Kind = Refused
	if t.strangers.first(e, t.now().UTC(), t.sumUp) {
		_ = t.Record(e) // the trail says by itself that it cannot be written
	}
}

// first tells whether an event is to be recorded now. The others are counted
// until sumUp.
func (s *strangers) first(e Event, now time.Time, sumUp func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.timer == nil {
		s.known, s.others = make(map[stranger]*repeated), repeated{event: Event{Kind: Refused, Detail: "from many addresses"}}
		s.timing.Add(1)
		s.timer = time.AfterFunc(sumEvery, func() {
			defer s.timing.Done()
			sumUp()
		})
	}
	who := stranger{network(e.Remote), e.Login, e.Reason}
	switch alike := s.known[who]; {
	case alike != nil:
		alike.add(now)
	case len(s.known) == mostStrangers:
		s.others.add(now)
	default:
		s.known[who] = &repeated{event: e}
		return true
	}
	return false
}

// network is whom an address belongs to: of IPv6 everybody has 2^64 (RFC 6177).
func network(remote string) string {
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	if address := from.Addr().Unmap(); address.Is6() {
		prefix, _ := address.WithZone("").Prefix(64) // every IPv6 address has one
		return prefix.String()
	}
	return from.Addr().Unmap().String()
}

// sumUp records what was counted.
func (t *Trail) sumUp() {
	for _, r := range t.strangers.take() {
		e := r.event
		e.Count, e.Since = r.more, r.since
		_ = t.Record(e) // the trail says by itself that it cannot be written
	}
}

// take ends the minute and gives those of whom there were more.
func (s *strangers) take() []repeated {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = nil
	var all []repeated
	for _, r := range s.known {
		if r.more > 0 {
			all = append(all, *r)
		}
	}
	if s.others.more > 0 {
		all = append(all, s.others)
	}
	s.known, s.others = nil, repeated{}
	return all
}

// closeStrangers records what was counted until now.
func (t *Trail) closeStrangers() {
	s := &t.strangers
	s.mu.Lock()
	s.closed = true
	if s.timer != nil && s.timer.Stop() {
		s.timing.Done()
	}
	s.mu.Unlock()
	s.timing.Wait()
	t.sumUp()
}
