package audit

import (
	"errors"
	"time"
)

// batch is the events that come while the disk is busy with those before. They
// are written at once, so that many at a time cost one sync.
type batch struct {
	lines  []byte
	events int
	newest time.Time

	// Of writing:
	written bool
	err     error
}

var errClosed = errors.New("the audit trail is closed")

// Record adds an event. It is on the disk when Record returns nil; where it
// could not be written it is counted, and the trail says in the log that, and
// how many, are missing.
func (t *Trail) Record(e Event) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	e.Time = t.now().UTC()
	b := t.next
	b.lines = append(b.lines, e.line()...)
	b.events++
	b.newest = e.Time
	t.mu.Unlock()

	t.writing.Lock()
	defer t.writing.Unlock()
	if !b.written { // who comes first writes for all that wait
		t.mu.Lock()
		t.next = &batch{}
		t.mu.Unlock()
		b.written, b.err = true, t.write(b)
	}
	return b.err
}

// Ready tells whether events can be written, as far as is known. Where the last
// could not, it tries.
func (t *Trail) Ready() error {
	if t == nil {
		return nil
	}
	t.writing.Lock()
	defer t.writing.Unlock()
	if t.failing == nil {
		return nil
	}
	return t.write(&batch{newest: t.now().UTC()})
}

// write writes a batch, and before it how many events are missing.
func (t *Trail) write(b *batch) error {
	lines := b.lines
	if t.missing > 0 {
		gap := Event{Time: b.newest, Kind: Gap, Count: t.missing, Since: t.since, Reason: t.failing.Error()}
		lines = append(gap.line(), lines...)
	}
	if err := t.put(lines, dayOf(b.newest)); err != nil {
		t.fail(b, err)
		return err
	}
	if t.failing != nil {
		t.log.Warn("the audit trail is written again; some events are missing in it", "missing", t.missing, "since", t.since)
		t.failing, t.missing, t.complain = nil, 0, time.Time{}
	}
	return nil
}

// put makes lines durable in the file of a day, or in a newer one that there is
// already: after a clock was set back, events stay in the order in which they
// came.
func (t *Trail) put(lines []byte, today day) error {
	if t.closed {
		return errClosed
	}
	before := t.day
	switch {
	case today > before:
		if err := t.openDay(today); err != nil {
			return err
		}
		if before != "" {
			t.prune(before)
		}
	case !t.untouched():
		if err := t.openDay(before); err != nil {
			return err
		}
	}
	_, err := t.file.WriteAt(lines, t.size)
	if err == nil {
		err = t.file.Sync()
	}
	if err != nil {
		// What of them is there was never said to be recorded. If this fails too,
		// the file is mended when it is opened the next time.
		_ = t.file.Truncate(t.size)
		t.shut()
		return err
	}
	t.size += int64(len(lines))
	return nil
}

// complainEvery is how often it is said that the trail cannot be written.
const complainEvery = time.Minute

func (t *Trail) fail(b *batch, err error) {
	if t.missing == 0 {
		t.since = b.newest
	}
	t.failing = err
	t.missing += b.events
	if now := time.Now(); t.complain.IsZero() || now.Sub(t.complain) >= complainEvery {
		t.complain = now
		t.log.Error("the audit trail cannot be written: make room on its disk, or see what is wrong with it", "folder", t.dir, "missing", t.missing, "error", err)
	}
}
