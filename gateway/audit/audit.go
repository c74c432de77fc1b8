// Package audit is the trail: who came in and from where, who was refused and
// why, what became of their sandboxes, and who did something to them. It is
// JSON lines, one file a day, and an event is on the disk before Record
// returns.
//
// It knows files and clocks. What an event means, its caller knows.
package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Options is what a trail is made from.
type Options struct {
	// Dir is the folder of the files; it is made where it is missing.
	Dir string
	// Keep is how long a file is kept after its day; 0 is for ever.
	Keep time.Duration
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Trail writes events to the files of one folder. A nil *Trail is one that
// records nothing and has nothing.
type Trail struct {
	dir  string
	keep time.Duration
	now  func() time.Time
	log  *slog.Logger
	lock *os.File // the folder, which one process at a time may write to

	mu   sync.Mutex // held for moments: it orders the events
	next *batch     // those that nobody has begun to write

	writing  sync.Mutex // held while the disk is at it, and over all below
	day      day        // of the newest file; "" where there is none
	file     *os.File   // of that day; nil where it has to be opened
	size     int64      // of what is known to be whole in it
	failing  error      // why the last events could not be written
	missing  int        // how many since
	since    time.Time  // when the first of them was
	complain time.Time  // when it was said last
	closed   bool

	strangers strangers
}

// Open gives the trail in a folder. A last line that was cut short by the end
// of the process before is taken off; all the others stay.
func Open(o Options) (*Trail, error) {
	t := &Trail{dir: o.Dir, keep: o.Keep, now: o.Now, log: o.Log, next: &batch{}}
	if t.now == nil {
		t.now = time.Now
	}
	if err := t.open(); err != nil {
		t.release()
		return nil, fmt.Errorf("open the audit trail: %w", err)
	}
	return t, nil
}

func (t *Trail) open() error {
	err := os.MkdirAll(t.dir, 0o700)
	if errors.Is(err, syscall.ENOSPC) {
		return nil // it is made as soon as there is room, and until then events are missing
	}
	if err != nil {
		return err
	}
	if err := t.occupy(); err != nil {
		return err
	}
	days, err := daysIn(t.dir)
	if err != nil || len(days) == 0 {
		return err
	}
	today := dayOf(t.now())
	newest := days[len(days)-1]
	if newest > today {
		t.log.Warn("the newest file of the audit trail is of a day to come, so the clock was wrong then or is wrong now; events go on there until that day is over, unless you rename it",
			"file", newest.path(t.dir))
	}
	if len(days) > 1 {
		t.prune(min(days[len(days)-2], today))
	}
	return t.openDay(newest)
}

// occupy keeps every other process from writing to the folder.
func (t *Trail) occupy() error {
	folder, err := os.Open(t.dir)
	if err != nil {
		return err
	}
	t.lock = folder
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("another process writes its trail to %s; give each a folder of its own (audit.dir)", t.dir)
	}
	return nil // some network file systems have no locks
}

func (t *Trail) release() {
	t.shut()
	if t.lock != nil {
		_ = t.lock.Close()
	}
}

// Close writes the sums that are still to come. Nothing may be recorded after
// it.
func (t *Trail) Close() error {
	if t == nil {
		return nil
	}
	t.closeStrangers()
	t.writing.Lock()
	defer t.writing.Unlock()
	t.closed = true
	t.release()
	if t.missing > 0 {
		return fmt.Errorf("the audit trail lacks %d events: %w", t.missing, t.failing)
	}
	return nil
}
