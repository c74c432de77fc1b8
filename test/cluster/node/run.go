package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// startFD is where the node's first process inherits its line to the one that
// starts it: it tells how far it is, and ends when the line is cut before it
// is up, so that an interrupted start leaves nothing behind.
const startFD = 3

// progress is a message on that line.
type progress struct {
	Step      string        `json:"step,omitempty"` // what is ready now
	Took      time.Duration `json:"took,omitempty"`
	Up        bool          `json:"up,omitempty"`
	Failed    string        `json:"failed,omitempty"`
	Component string        `json:"component,omitempty"` // whose log tells more
}

// Run is the life of the node's first process. It returns when ctx ends.
func (n Node) Run(ctx context.Context, programs string) error {
	if os.Getpid() != 1 {
		return errors.New("this runs as the first process of a cluster only; use up")
	}
	inherited := os.NewFile(startFD, "starter")
	line, err := net.FileConn(inherited)
	if err != nil {
		return fmt.Errorf("talk to the one who starts the node: %w", err)
	}
	// What the line is copied to is not inherited by the components.
	if err := inherited.Close(); err != nil {
		return err
	}
	messages := json.NewEncoder(line)
	err = n.run(ctx, programs, line, messages)
	if err != nil {
		failure := progress{Failed: err.Error()}
		var broken *componentError
		if errors.As(err, &broken) {
			failure.Component = broken.component
		}
		_ = messages.Encode(failure) // nobody may be listening any more
	}
	return err
}

func (n Node) run(ctx context.Context, programs string, line io.ReadCloser, messages *json.Encoder) error {
	if err := n.changeRoom(programs); err != nil {
		return err
	}
	if err := setUpNetwork(); err != nil {
		return err
	}
	api, err := newClient()
	if err != nil {
		return err
	}
	s := newSupervisor(api, "/var/log")
	defer s.close()
	all := components(n)
	control, err := serveControl(s, all)
	if err != nil {
		return err
	}
	defer control.close()

	starting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	go func() { // ends with the line, which is closed below
		_, _ = io.Copy(io.Discard, line)
		giveUp(errors.New("the start was interrupted"))
	}()
	if err := s.bringUpAll(starting, all, messages); err != nil {
		if cause := context.Cause(starting); cause != nil {
			return cause
		}
		return err
	}
	control.up.Store(true)
	if err := messages.Encode(progress{Up: true}); err != nil {
		return fmt.Errorf("tell that the node is up: %w", err)
	}
	if err := line.Close(); err != nil {
		return err
	}
	log.Print("up")
	<-ctx.Done()
	return nil
}

// bringUpAll starts each component as soon as those before it are ready. Where
// one ends meanwhile, also one that was ready before, the start has failed.
func (s *supervisor) bringUpAll(ctx context.Context, all []component, messages *json.Encoder) error {
	ready := make(map[string]chan struct{})
	for _, c := range all {
		ready[c.name] = make(chan struct{})
	}
	steps := make(chan progress)
	done := make(chan struct{})
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range all {
		group.Go(func() error {
			for _, earlier := range c.after {
				select {
				case <-ready[earlier]:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			begun := time.Now()
			p, err := s.start(c)
			if err != nil {
				return err
			}
			if err := s.becomeReady(ctx, c, p); err != nil {
				return err
			}
			close(ready[c.name])
			select {
			case steps <- progress{Step: c.name, Took: time.Since(begun)}:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case <-p.exited:
				return ended(c, p)
			case <-done:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}
	group.Go(func() error {
		for range all {
			select {
			case step := <-steps:
				if err := messages.Encode(step); err != nil {
					return fmt.Errorf("tell how far the start is: %w", err)
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		close(done)
		return nil
	})
	return group.Wait()
}

func find(all []component, name string) (component, bool) {
	at := slices.IndexFunc(all, func(c component) bool { return c.name == name })
	if at < 0 {
		return component{}, false
	}
	return all[at], true
}
