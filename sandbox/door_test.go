package sandbox

import (
	"context"
	"errors"
	"testing"
	"time"
)

// turnedAway tells whether somebody was, and for this reason.
func turnedAway(err error, reason string) bool {
	var unavailable *Unavailable
	return errors.As(err, &unavailable) && unavailable.Reason == reason && !unavailable.Full
}

func TestClosedDoor(t *testing.T) {
	h := newHouse("ada")
	making, made := make(chan struct{}, 8), make(chan struct{})
	h.make = func() {
		making <- struct{}{}
		<-made
	}
	l := h.open(t, Rules{MaxSessions: 2, Grace: time.Hour})
	if reason, closed := l.Door(); closed || reason != "" {
		t.Errorf("a new door is closed: %q", reason)
	}
	_, bob := l.arrives(t.Context(), "bob")
	<-making
	phases, cyd := l.arrives(t.Context(), "cyd")
	until(t, phases, Queued)

	l.CloseDoor("We are moving house.")
	l.CloseDoor("We move house.")
	if reason, closed := l.Door(); !closed || reason != "We move house." {
		t.Errorf("the door is closed: %v, %q", closed, reason)
	}
	if err := ends(t, cyd); !turnedAway(err, "We are moving house.") {
		t.Errorf("who stands in the queue: %v", err)
	}
	_, dee := l.arrives(t.Context(), "dee")
	if err := ends(t, dee); !turnedAway(err, "We move house.") {
		t.Errorf("who comes: %v", err)
	}
	_, ada := l.arrives(t.Context(), "ada")
	if err := ends(t, ada); err != nil {
		t.Errorf("who has a sandbox: %v", err)
	}
	close(made)
	if err := ends(t, bob); err != nil {
		t.Errorf("whose sandbox was being made: %v", err)
	}
	if l.Waiting() != 0 || len(l.Arrivals()) != 0 {
		t.Errorf("%d wait, on their way are %+v", l.Waiting(), l.Arrivals())
	}

	l.OpenDoor()
	l.OpenDoor()
	if _, closed := l.Door(); closed {
		t.Error("the open door is closed")
	}
	h.leave("ada")
	_, dee = l.arrives(t.Context(), "dee")
	if err := ends(t, dee); err != nil {
		t.Errorf("through the open door: %v", err)
	}
	l.CloseDoor("Once more.")
	_, eve := l.arrives(t.Context(), "eve")
	if err := ends(t, eve); !turnedAway(err, "Once more.") {
		t.Errorf("who comes to a door closed again: %v", err)
	}
}

// Who waits because the Backend has no room stands in front of the door as well.
func TestClosedDoorForThoseWithoutRoom(t *testing.T) {
	h := newHouse()
	for range 10 {
		h.failures = append(h.failures, &Unavailable{Reason: "full", Full: true})
	}
	l := h.open(t, Rules{MaxSessions: 2, Grace: time.Hour})
	phases, ada := l.arrives(t.Context(), "ada")
	until(t, phases, Queued) // it is said that there is no room
	l.CloseDoor("We move house.")
	if err := ends(t, ada); !turnedAway(err, "We move house.") {
		t.Errorf("without room: %v", err)
	}
}

// A learner in the queue who has got a sandbox by another connection is not turned
// away from it.
func TestClosedDoorLeadsToWhatIsThere(t *testing.T) {
	h := newHouse("ada")
	l := h.open(t, Rules{MaxSessions: 1, Grace: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	phases, bob := l.arrives(ctx, "bob")
	until(t, phases, Queued)
	h.mu.Lock()
	h.live["bob"] = &guest{house: h, info: Info{Login: "bob", Session: "other", Attached: true}}
	h.mu.Unlock()
	l.CloseDoor("We move house.")
	if err := ends(t, bob); err != nil {
		t.Error(err)
	}
}

// Doors are opened and closed while learners come and go; none is left behind.
func TestDoorUnderARace(t *testing.T) {
	h := newHouse()
	l := h.open(t, Rules{MaxSessions: 5, Grace: time.Hour})
	var all []<-chan error
	for i := range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, done := l.arrives(ctx, string(rune('a'+i)))
		switch i % 4 {
		case 1:
			l.CloseDoor("closed")
		case 2:
			l.OpenDoor()
		case 3:
			cancel()
		}
		all = append(all, done)
	}
	l.CloseDoor("closed")
	for _, done := range all {
		if err := ends(t, done); err != nil && !turnedAway(err, "closed") && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if l.Waiting() != 0 || len(l.Arrivals()) != 0 || h.most > 5 {
		t.Errorf("%d wait, %d are on their way, %d lived at once", l.Waiting(), len(l.Arrivals()), h.most)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.admitted) != 0 {
		t.Errorf("places are taken by %v", l.admitted)
	}
}
