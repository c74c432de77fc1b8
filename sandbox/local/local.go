// Package local makes sandboxes on this machine: bubblewrap jails with no
// network, a read-only system, and a home that is kept for each learner. They
// are no children of the gateway and outlive it.
//
// It knows bubblewrap, namespaces and cgroups; of what runs inside it knows
// only the holder.
package local

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lectern/sandbox"
)

// Options is what the backend needs.
type Options struct {
	// Dir holds the state of the live sandboxes and the learners' homes.
	Dir string
	// Executable is the lectern binary that runs inside.
	Executable string
	// Command runs in every sandbox instead of the built-in tutor, which it is
	// when empty.
	Command []string
	// Model is what Claude Code needs to be the tutor; nil: the built-in one is.
	// It needs Bubblewrap.
	Model *Model
	// Isolation is Bubblewrap or None.
	Isolation Isolation
	// Life and Idle are the clocks of a new sandbox; Idle 0 is none.
	Life, Idle time.Duration
	// Memory in bytes and Processes limit one sandbox, where the host allows;
	// 0 is no limit.
	Memory    int64
	Processes int
	Log       *slog.Logger
}

// Isolation is how much stands between a sandbox and the host.
type Isolation string

const (
	// Bubblewrap puts each sandbox into namespaces of its own.
	Bubblewrap Isolation = "bubblewrap"
	// None runs the tutor as a plain process of the gateway's user.
	None Isolation = "none"
)

// Backend implements sandbox.Backend. One process at a time may use a Dir.
type Backend struct {
	opts    Options
	host    string // its name
	bwrap   string // path of the program; empty without isolation
	cgroups *cgroups
	created chan string // names of new sandboxes, for Watch

	mu       sync.Mutex
	turns    map[string]chan struct{} // by name: one maker or cleaner at a time
	children map[string]*os.Process   // by name: the first processes that we have started
}

// New checks that sandboxes can be made on this machine as asked.
func New(ctx context.Context, opts Options) (*Backend, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, err
	}
	opts.Dir = dir
	if opts.Isolation == Bubblewrap {
		if err := refuseVisible(dir); err != nil {
			return nil, err
		}
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("ask for this machine's name: %w", err)
	}
	b := &Backend{
		opts: opts, host: host, created: make(chan string, 64),
		turns: make(map[string]chan struct{}), children: make(map[string]*os.Process),
	}
	for _, sub := range []string{b.path(), b.home("")} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, fmt.Errorf("make the sandboxes' folder: %w", err)
		}
	}
	if opts.Isolation == Bubblewrap {
		if b.bwrap, err = findBubblewrap(ctx, opts.Executable); err != nil {
			return nil, err
		}
	}
	if opts.Model != nil {
		model := *opts.Model
		if err := checkModel(&model, opts.Isolation); err != nil {
			return nil, err
		}
		b.opts.Model = &model
	}
	b.cgroups = openCgroups(opts.Dir, opts.Memory, opts.Processes, opts.Log)
	return b, b.sweep(ctx)
}

// sweep clears away what sandboxes have left that ended while no gateway was
// there to see it.
func (b *Backend) sweep(ctx context.Context) error {
	entries, err := os.ReadDir(b.path())
	if err != nil {
		return fmt.Errorf("look for sandboxes: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if err := b.clearEnded(ctx, e.Name(), b.clear); err != nil {
			return err
		}
	}
	return nil
}

// clearEnded calls clear for a sandbox of which nothing is alive, while nobody
// can make a new one of that name.
func (b *Backend) clearEnded(ctx context.Context, name string, clear func(name string)) error {
	done, err := b.turn(ctx, name)
	if err != nil {
		return err
	}
	defer done()
	if !b.alive(name) {
		clear(name)
	}
	return nil
}

// path is the state folder of a sandbox, or of all.
func (b *Backend) path(name ...string) string {
	return filepath.Join(append([]string{b.opts.Dir, "sandboxes"}, name...)...)
}

func (b *Backend) home(name string) string { return filepath.Join(b.opts.Dir, "homes", name) }

// turn waits for the right to make or clear away the sandbox called name.
func (b *Backend) turn(ctx context.Context, name string) (done func(), err error) {
	b.mu.Lock()
	turn, ok := b.turns[name]
	if !ok {
		turn = make(chan struct{}, 1)
		b.turns[name] = turn
	}
	b.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Acquire returns the learner's live sandbox or starts one.
func (b *Backend) Acquire(ctx context.Context, spec sandbox.Spec, report func(sandbox.Phase)) (sandbox.Sandbox, error) {
	name := sandbox.Name(spec.Login)
	done, err := b.turn(ctx, name)
	if err != nil {
		return nil, err
	}
	defer done()
	running, lock, err := b.claim(ctx, name, report)
	if err != nil {
		return nil, err
	}
	if running != nil {
		return running, nil
	}
	defer func() { _ = lock.Close() }()
	report(sandbox.Phase{Kind: sandbox.Starting})
	b.clear(name)
	sb, err := b.launch(ctx, name, spec, lock)
	if err != nil {
		b.clear(name)
		return nil, err
	}
	select {
	case b.created <- name:
	default: // Watch looks around by itself too
	}
	report(sandbox.Phase{Kind: sandbox.Ready})
	return sb, nil
}

// claim returns the sandbox that runs, or the lock for making one. One that is
// on its way out or does not answer is never handed out: claim waits for its
// end, and helps where that does not come.
func (b *Backend) claim(ctx context.Context, name string, report func(sandbox.Phase)) (*jail, *os.File, error) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	force := time.NewTimer(killLimit)
	defer force.Stop()
	forced := false
	for waiting := false; ; waiting = true {
		lock, free, err := tryLock(b.path(name) + ".lock")
		if err != nil {
			return nil, nil, err
		}
		if free {
			return nil, lock, nil
		}
		_ = lock.Close()
		j, err := b.open(name)
		// A holder that was stopped may go on for a moment and answer when the process
		// that started it dies (setpgid(2), orphaned process groups).
		if err == nil && !forced {
			if _, err := j.Info(ctx); err == nil {
				return j, nil, nil
			}
		}
		if !waiting {
			report(sandbox.Phase{Kind: sandbox.Starting, Detail: "Your former sandbox is being cleared away."})
		}
		select {
		case <-force.C:
			forced = true
			if j != nil {
				j.force()
			} else {
				b.dismiss(ctx, name)
			}
			continue
		default:
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("wait for the end of the former sandbox: %w", ctx.Err())
		}
	}
}

// clear removes what an ended sandbox has left; its learner's home stays.
func (b *Backend) clear(name string) {
	b.settle(name)
	if err := os.RemoveAll(b.path(name)); err != nil {
		b.opts.Log.Warn("could not clear away a sandbox", "name", name, "error", err)
	}
}

// settle takes in the first process of an ended sandbox and its control groups.
func (b *Backend) settle(name string) {
	b.reap(name)
	b.cgroups.remove(name)
}

func (b *Backend) open(name string) (*jail, error) {
	record, err := readRecord(b.path(name))
	if err != nil {
		return nil, err
	}
	return &jail{backend: b, name: name, record: record}, nil
}

func (b *Backend) socket(name string) string { return b.path(name, "hold.sock") }

func (b *Backend) exitFile(name string) string { return b.path(name, "exit.json") }

var _ sandbox.Backend = (*Backend)(nil)
