// Package gateway is the SSH front door: it lets learners in, shows them the
// picker, hands their terminal to a sandbox and takes it back, and answers the
// commands that need no terminal.
//
// It knows SSH, the screens (tui), what a sandbox is (sandbox, never which
// kind), courses and progress.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"charm.land/ssh"
	"charm.land/wish/v2"
	"github.com/prometheus/client_golang/prometheus"

	"golang.org/x/sync/errgroup"

	"lectern/course"
	"lectern/gateway/audit"
	"lectern/gateway/auth"
	"lectern/gateway/recording"
	"lectern/progress"
	"lectern/sandbox"
	"lectern/web/api"
)

// Options is what a server is made from.
type Options struct {
	// HostKey is the path of the private host key; it is made where it is
	// missing.
	HostKey string
	// SharedLogin and AdminLogin are the login names that stand for whoever
	// has the key.
	SharedLogin, AdminLogin string
	// HandshakeTimeout bounds the time until a client has signed in, and that
	// until it says what a session that it has opened is for. It is required.
	HandshakeTimeout time.Duration
	// KeepAlive is how often a client is asked for a sign of life, and how
	// long it may take to give it. A client without a session is let go after
	// four times that.
	KeepAlive time.Duration
	// MaxConnections and MaxConnectionsPerAddress bound the open connections;
	// 0 is no bound. There may be as many sessions as connections.
	MaxConnections, MaxConnectionsPerAddress int

	Directory *auth.Directory
	Courses   *course.Catalogue
	Unlock    course.Unlock
	Progress  *progress.Store
	Backend   sandbox.Backend
	// MaxSessions and Grace are the rules of the sandboxes' life.
	MaxSessions int
	Grace       time.Duration
	// TokensPerDay is how many tokens of a model a learner may use in a day (UTC),
	// as the proxy enforces; 0 is no limit.
	TokensPerDay int64
	// Desk signs browsers in to the page; nil where there is no page.
	Desk api.Desk
	// DoorFile is where it is noted that no new session is let in; empty: nowhere,
	// and the next gateway lets them in.
	DoorFile string
	// Registry takes the metrics; nil: they are not to be seen.
	Registry prometheus.Registerer
	// Audit is the trail; nil for none. Where RefuseUnaudited is set and it cannot
	// be written, nobody but an admin signs in and no sandbox is made.
	Audit           *audit.Trail
	RefuseUnaudited bool
	// Recorder records what learners see; nil for nobody's.
	Recorder *recording.Recorder
	Log      *slog.Logger
}

// Server is the gateway.
type Server struct {
	Options
	ssh         *ssh.Server
	lifecycle   *sandbox.Lifecycle
	connections connections
	places      places
	door        door
	pageDoor    *pageDoor
	news        news
	unseen      unseen
	unheard     unheard
	refusals    refusals
	metrics     *metrics
	census      *census
	log         *slog.Logger

	// ctx ends every session when the server stops.
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	stopping bool
	sessions sync.WaitGroup // those that enter has let in, and what runs for them
	keepers  sync.WaitGroup // keep-alive of each connection
}

// New makes a server; Serve starts it.
func New(o Options) (*Server, error) {
	s := &Server{
		Options:     o,
		log:         o.Log,
		connections: connections{maxAll: o.MaxConnections, maxPerAddress: o.MaxConnectionsPerAddress, byHost: make(map[string]int), byLearner: make(map[string]int)},
		places:      places{maxAll: o.MaxConnections, byLearner: make(map[string]int), byConnection: make(map[*connection]int)},
		door:        door{path: o.DoorFile},
		news:        news{followers: make(map[string]map[follower]struct{})},
		unseen:      unseen{sessions: make(map[string]struct{})},
		unheard:     unheard{ends: make(map[string]end)},
		refusals:    refusals{log: o.Log},
		metrics:     newMetrics(),
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.lifecycle = sandbox.NewLifecycle(o.Backend, sandbox.Rules{
		MaxSessions: o.MaxSessions, Grace: o.Grace, Completed: s.completed, Ended: s.ended,
		Waited: s.metrics.countWait, Started: s.metrics.countStart, Reaped: s.metrics.countReaped, Log: o.Log,
	})
	var err error
	if s.pageDoor, err = newPageDoor(); err != nil {
		return nil, fmt.Errorf("make the page's way in: %w", err)
	}
	if err := s.restoreDoor(); err != nil {
		return nil, err
	}
	s.census = newCensus(s.ctx, s.lifecycle.List)
	if err := s.metrics.register(o.Registry, newGauges(s)); err != nil {
		return nil, fmt.Errorf("register the metrics: %w", err)
	}
	server, err := wish.NewServer(
		wish.WithHostKeyPath(o.HostKey),
		wish.WithVersion("Lectern"),
		s.configure,
	)
	if err != nil {
		return nil, fmt.Errorf("set up the SSH server: %w", err)
	}
	s.ssh = server
	return s, nil
}

// configure sets what wish has no option for.
func (s *Server) configure(server *ssh.Server) error {
	// Never called, since sessions have a handler of their own. It serves two
	// listeners at once, each of which would set one that is missing.
	server.Handler = func(ssh.Session) {}
	server.HandshakeTimeout = s.HandshakeTimeout
	server.ServerConfigCallback = s.authenticate
	server.ConnCallback = func(ctx ssh.Context, conn net.Conn) net.Conn {
		admitted, err := s.connections.admit(conn)
		if err != nil {
			s.refusals.add(conn.RemoteAddr(), err)
			s.metrics.turnedAway.count(boundOf(err))
			s.Audit.Refuse(audit.Event{Remote: conn.RemoteAddr().String(), Reason: tooManyConnections})
			turnAway(conn, err.Error())
			return nil
		}
		s.metrics.admitted.Inc()
		ctx.SetValue(connectionKey{}, admitted)
		return admitted
	}
	server.ConnectionFailedCallback = func(conn net.Conn, err error) {
		s.metrics.countFailed(err)
		s.log.Debug("a connection failed", "remote", conn.RemoteAddr(), "error", err)
	}
	server.ChannelHandlers = map[string]ssh.ChannelHandler{
		"session": s.handleSession,
		"default": rejectChannel,
	}
	// Every global request is refused, port forwarding among them.
	server.RequestHandlers = map[string]ssh.RequestHandler{}
	return nil
}

// HostKeys are the public halves of the host keys.
func (s *Server) HostKeys() []ssh.PublicKey {
	keys := make([]ssh.PublicKey, len(s.ssh.HostSigners))
	for i, signer := range s.ssh.HostSigners {
		keys[i] = signer.PublicKey()
	}
	return keys
}

// Serve takes connections from listener until ctx ends. Then it tells every
// session, leaves the sandboxes running, and returns once all it has started
// has ended.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	lifecycleCtx, stopLifecycle := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLifecycle()
	lifecycle := make(chan error, 1)
	go func() { lifecycle <- s.lifecycle.Run(lifecycleCtx) }()
	served := make(chan error, 1)
	go func() {
		var both errgroup.Group
		both.Go(func() error { return s.ssh.Serve(s.pageDoor) })
		both.Go(func() error {
			defer func() { _ = s.pageDoor.Close() }()
			return s.ssh.Serve(listener)
		})
		served <- both.Wait()
	}()

	var err error
	select {
	case <-ctx.Done():
	case err = <-lifecycle:
		lifecycle <- nil
	case err = <-served:
		served <- nil
	}
	err = errors.Join(err, s.shutdown())
	_ = listener.Close() // of which the SSH server may not have known yet
	err = errors.Join(err, ignoreClosed(<-served))
	stopLifecycle()
	return errors.Join(err, <-lifecycle)
}

const (
	// farewell is how long sessions may take to say goodbye.
	farewell = 3 * time.Second
	// windUp is how long they may take to end once they have no connection any
	// more, where all that they wait for has been cancelled.
	windUp = 5 * time.Second
)

var errStuck = errors.New("some sessions did not end and were left behind: please report what the log says of them")

func (s *Server) shutdown() error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.cancel(errShutdown)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.sessions.Wait()
		s.keepers.Wait()
	}()
	select {
	case <-done:
	case <-time.After(farewell): // a client that takes no bytes
	}
	_ = s.ssh.Close()
	select {
	case <-done:
		return nil
	case <-time.After(windUp): // a fault of ours, which must not keep the process from ending
	}
	s.log.Error("sessions do not end", "goroutines", everyStack())
	return errStuck
}

func ignoreClosed(err error) error {
	if errors.Is(err, ssh.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// enter counts a session in, or something done for one, unless the server is
// stopping.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.sessions.Add(1)
	return true
}

func (s *Server) leave() { s.sessions.Done() }

func stack() string { return string(debug.Stack()) }

// everyStack is what all goroutines are at, as far as that fits into a log.
func everyStack() string {
	buf := make([]byte, 64<<10)
	return string(buf[:runtime.Stack(buf, true)])
}
