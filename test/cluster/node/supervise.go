package node

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// component is one program of the node.
type component struct {
	name    string
	command []string
	after   []string // started once these are ready
	ready   check
}

// process is a component that was started.
type process struct {
	pid     int
	started time.Time
	exited  chan struct{} // closed when it has ended
	status  unix.WaitStatus
}

// supervisor starts components and waits for them. As the first process of a
// PID namespace it is the parent of every orphan too, and must wait for those:
// each Pod's shim is one.
type supervisor struct {
	api       *client
	logs      string // folder
	cancel    context.CancelFunc
	reaped    chan struct{}
	mu        sync.Mutex
	processes map[string]*process
}

// newSupervisor also starts the goroutine that waits for children; from then
// on nothing else in this process may. close ends it.
func newSupervisor(api *client, logs string) *supervisor {
	ctx, cancel := context.WithCancel(context.Background())
	s := &supervisor{api: api, logs: logs, cancel: cancel, reaped: make(chan struct{}), processes: make(map[string]*process)}
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	go func() {
		defer close(s.reaped)
		defer signal.Stop(children)
		for {
			select {
			case <-children:
				s.reap()
			case <-ctx.Done():
				return
			}
		}
	}()
	return s
}

func (s *supervisor) close() {
	s.cancel()
	<-s.reaped
}

// reap waits for every child that has ended; one signal may stand for many.
func (s *supervisor) reap() {
	for {
		// Held while waiting too, so that a component that ends at once is
		// known before it is waited for.
		s.mu.Lock()
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err == nil && pid > 0 {
			for name, p := range s.processes {
				if p.pid == pid {
					log.Printf("%s ended: %s", name, describe(status))
					p.status = status
					close(p.exited)
				}
			}
		}
		s.mu.Unlock()
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
	}
}

func (s *supervisor) start(c component) (*process, error) {
	out, err := os.OpenFile(logFile(s.logs, c.name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", c.name, err)
	}
	defer func() { _ = out.Close() }()
	none, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer func() { _ = none.Close() }()

	s.mu.Lock()
	defer s.mu.Unlock()
	if p, found := s.processes[c.name]; found && !p.ended() {
		return nil, fmt.Errorf("%s is running already", c.name)
	}
	child, err := os.StartProcess(c.command[0], c.command, &os.ProcAttr{
		Env:   []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"},
		Files: []*os.File{none, out, out},
		Dir:   "/",
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	p := &process{pid: child.Pid, started: time.Now(), exited: make(chan struct{})}
	s.processes[c.name] = p
	_ = child.Release() // reap waits for it
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// bringUp starts a component and returns when it is ready.
func (s *supervisor) bringUp(ctx context.Context, c component) error {
	p, err := s.start(c)
	if err != nil {
		return err
	}
	return s.becomeReady(ctx, c, p)
}

func (s *supervisor) becomeReady(ctx context.Context, c component, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	ask := time.NewTicker(askEvery)
	defer ask.Stop()
	last := errors.New("it did not answer")
	for {
		select {
		case <-p.exited:
			return ended(c, p)
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return &componentError{c.name, fmt.Sprintf("was not ready within %s: %v", readyLimit, last)}
			}
			return ctx.Err()
		case <-ask.C:
			err := c.ready(ctx, s.api)
			if err == nil {
				return nil
			}
			if ctx.Err() == nil {
				last = err
			}
		}
	}
}

// halt kills a component as a crash would, and returns when it has ended.
func (s *supervisor) halt(name string) error {
	s.mu.Lock()
	p, found := s.processes[name]
	var err error
	if found && !p.ended() {
		err = unix.Kill(p.pid, unix.SIGKILL)
	}
	s.mu.Unlock()
	if !found {
		return fmt.Errorf("there is no component %q", name)
	}
	if err != nil {
		return fmt.Errorf("kill %s: %w", name, err)
	}
	<-p.exited
	return nil
}

func describe(status unix.WaitStatus) string {
	if status.Signaled() {
		return "killed by " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

func ended(c component, p *process) error {
	return &componentError{c.name, "ended: " + describe(p.status)}
}

// componentError names the component whose log tells more.
type componentError struct{ component, trouble string }

func (e *componentError) Error() string { return e.component + " " + e.trouble }
