package local

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"lectern/sandbox"
	"lectern/sandbox/event"
	"lectern/sandbox/hold"
)

// relist is how often Watch looks for sandboxes that it has not heard of.
const relist = 10 * time.Second

// Watch connects to every sandbox, the present and the coming ones, and calls
// handle for what they report. It clears away those that end.
func (b *Backend) Watch(ctx context.Context, handle func(context.Context, sandbox.Change) error) error {
	changes := make(chan change)
	var watchers sync.WaitGroup
	defer watchers.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	watched := make(map[string]bool) // whether a new one of the name has come since
	gone := make(chan string)
	watch := func(name string) {
		if _, ok := watched[name]; ok {
			watched[name] = true
			return
		}
		watched[name] = false
		watchers.Add(1)
		go func() {
			defer watchers.Done()
			b.watchOne(ctx, name, changes)
			select {
			case gone <- name:
			case <-ctx.Done():
			}
		}()
	}
	look := func() error {
		names, err := b.names()
		for _, name := range names {
			watch(name)
		}
		return err
	}
	if err := look(); err != nil {
		return err
	}
	tick := time.NewTicker(relist)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case name := <-b.created:
			watch(name)
		case name := <-gone:
			again := watched[name]
			delete(watched, name)
			if again || b.alive(name) { // of the same learner, and it may have ended already
				watch(name)
			}
		case <-tick.C:
			if err := look(); err != nil {
				b.opts.Log.Error("could not look for sandboxes", "error", err)
			}
		case c := <-changes:
			c.done <- handle(ctx, c.Change)
		}
	}
}

// change is a Change on its way to the one goroutine that handles them.
type change struct {
	sandbox.Change
	done chan error
}

// watchOne follows one sandbox to its end.
func (b *Backend) watchOne(ctx context.Context, name string, changes chan<- change) {
	tell := func(c sandbox.Change) error {
		done := make(chan error, 1)
		select {
		case changes <- change{c, done}:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var j *jail
	shut := func() {} // what the API proxy serves it by
	defer func() { shut() }()
	refused := 0 // how often in a row
	for ctx.Err() == nil && b.alive(name) {
		if found, err := b.open(name); err == nil {
			if j != nil && found.record.Session != j.record.Session {
				break // a new one of the same learner has taken its place
			}
			if j == nil {
				shut = b.openDoor(name)
			}
			j = found
			exit, err := j.follow(ctx, tell)
			if err == nil {
				b.ended(ctx, j, exit, tell)
				return
			}
			if refused++; !errors.Is(err, syscall.ECONNREFUSED) {
				refused = 0
			}
			if refused >= 2 { // its holder was killed and has left others behind
				j.force()
			}
		}
		// It is not listening yet, or its last process is on its way out.
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return
	}
	if j == nil { // it came and went between two looks
		if j, _ = b.open(name); j == nil {
			return
		}
	}
	left, _ := os.ReadFile(b.exitFile(name))
	exit, ok := hold.ParseExit(left)
	if !ok || !j.recorded() { // what is there may be another's
		exit = sandbox.Exit{Ending: sandbox.Lost, Code: 1, Reason: "The sandbox vanished."}
	}
	b.ended(ctx, j, exit, tell)
}

// follow reports what the sandbox says until it tells its exit.
func (j *jail) follow(ctx context.Context, tell func(sandbox.Change) error) (sandbox.Exit, error) {
	retry := make(chan struct{}, 1)
	s, err := j.supervise(ctx, func(m event.Message) error {
		err := tell(sandbox.Change{Info: j.info(hold.Status{}), Completed: &m})
		if err != nil {
			select {
			case retry <- struct{}{}:
			default:
			}
		}
		return err
	})
	if err != nil {
		return sandbox.Exit{}, err
	}
	defer s.Close()
	select {
	case <-s.Done():
		if exit, ok := s.Exit(); ok {
			return exit, nil
		}
		return sandbox.Exit{}, errors.New("the sandbox left without a word")
	case <-ctx.Done():
		return sandbox.Exit{}, ctx.Err()
	case <-retry:
		// What could not be recorded comes again on a new connection.
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		return sandbox.Exit{}, errors.New("an event could not be recorded")
	}
}

// ended waits for the last process, clears the sandbox away and tells of it.
func (b *Backend) ended(ctx context.Context, j *jail, exit sandbox.Exit, tell func(sandbox.Change) error) {
	if err := j.Kill(ctx, ""); err != nil {
		return // the gateway is leaving; the next one clears it away
	}
	if j.recorded() { // nobody has made a new one in its place
		err := b.clearEnded(ctx, j.name, func(name string) {
			if j.recorded() {
				b.clear(name)
			}
		})
		if err != nil {
			return
		}
	}
	_ = tell(sandbox.Change{Info: j.info(hold.Status{}), Ended: &exit, Freed: true})
}
