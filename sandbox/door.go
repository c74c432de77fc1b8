package sandbox

// The door to new sandboxes, which can be closed: as before the house is put
// out of service. Whoever has a sandbox keeps it and comes back to it.

// CloseDoor lets nobody in who has no live sandbox, until OpenDoor: Acquire gives
// them Unavailable with the reason, a sentence for the learner, and those in the
// queue as well. Whose sandbox is being made still gets it. Closing it again
// changes the reason.
func (l *Lifecycle) CloseDoor(reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusal == nil {
		close(l.closed)
	}
	l.refusal = &Unavailable{Reason: reason}
	for _, t := range l.waiting {
		t.refusal = l.refusal
		close(t.settled)
	}
	l.waiting = nil
}

// OpenDoor lets learners in again.
func (l *Lifecycle) OpenDoor() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusal != nil {
		l.refusal, l.closed = nil, make(chan struct{})
	}
}

// Door tells whether the door is closed, and why.
func (l *Lifecycle) Door() (reason string, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusal == nil {
		return "", false
	}
	return l.refusal.Reason, true
}

// refused is what is said at a closed door; nil while it is open.
func (l *Lifecycle) refused() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusal == nil {
		return nil
	}
	return l.refusal
}

// shut is closed while the door is.
func (l *Lifecycle) shut() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}
