// Package proxy is the API proxy: the one place that has the key of the
// model's API. Sandboxes ask it with a session token; it checks who asks, where
// from, for what and how often, puts the key in the token's place, and passes
// the answer on as it comes. On the way it counts tokens and sees which stages
// the model calls complete, and reports both, and what it has refused to whom.
//
// It knows HTTP and the shape of the API's messages. It knows neither
// sandboxes nor courses: what a token says of them is passed on in reports.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"

	"lectern/proxy/report"
	"lectern/proxy/token"
)

// Options is what a proxy is made from.
type Options struct {
	// Upstream is the model's API: scheme, host and perhaps a path before /v1.
	Upstream *url.URL
	Key      KeySource
	Verifier *token.Verifier
	// Gateway knows what learners have used today. It may be nil where
	// TokensPerDay is 0.
	Gateway  report.Gateway
	Reporter Reporter

	// Models that may be asked; none for all.
	Models []string
	// Tools that the model may be given.
	Tools []string
	// RequestsPerMinute and Concurrency bound one session.
	RequestsPerMinute, Concurrency int
	// TokensPerDay bounds one learner; 0 for no bound.
	TokensPerDay int

	Registerer prometheus.Registerer
	Log        *slog.Logger
}

// Reporter takes what is to be told to the gateway (report.Queue).
type Reporter interface {
	// Tell keeps e until the gateway has it, which recorded says.
	Tell(e report.Event) (recorded <-chan struct{})
}

// Proxy is the API proxy.
type Proxy struct {
	Options
	server   *http.Server
	api      *api
	targets  targets
	policy   policy
	sessions *sessions
	crowd    *crowd
	visitors *sessions // by address, before it is known whose session asks
	budget   *budget
	tally    *tally // of refusals
	bodies   *bodies
	verified *lru.Cache[credential, token.Claims]
	metrics  *metrics
	log      *slog.Logger

	// ctx ends what is still running when the time to end in peace is over.
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	stopping bool
	running  sync.WaitGroup // requests that enter has let in
}

const (
	headerLimit = 10 * time.Second
	idleLimit   = 2 * time.Minute
	// maxHeader is several times what Claude Code sends.
	maxHeader = 64 << 10
)

// New makes a proxy; Serve starts it.
func New(o Options) (*Proxy, error) {
	switch {
	case o.Upstream == nil || o.Upstream.Host == "" || o.Upstream.Scheme != "http" && o.Upstream.Scheme != "https":
		return nil, errors.New("set up the API proxy: the upstream is no address of the web; write it like https://api.anthropic.com")
	case o.TokensPerDay > 0 && o.Gateway == nil:
		return nil, errors.New("set up the API proxy: a budget needs a gateway that knows what was used")
	}
	metrics, err := newMetrics(o.Registerer, o.Models)
	if err != nil {
		return nil, fmt.Errorf("set up the API proxy: %w", err)
	}
	verified, err := lru.New[credential, token.Claims](maxVerified)
	if err != nil {
		return nil, fmt.Errorf("set up the API proxy: %w", err)
	}
	p := &Proxy{
		Options:  o,
		api:      newAPI(o.Upstream),
		targets:  targetsAt(o.Upstream),
		policy:   newPolicy(o.Tools, o.Models),
		sessions: newSessions(o.RequestsPerMinute, o.Concurrency),
		crowd:    newCrowd(o.Concurrency),
		visitors: newSessions(tries*o.RequestsPerMinute, max(minConnections, 2*o.Concurrency)),
		budget:   &budget{perDay: int64(o.TokensPerDay), gateway: o.Gateway, log: o.Log},
		tally:    &tally{tell: func(e report.Event) { o.Reporter.Tell(e) }},
		bodies:   newBodies(),
		verified: verified,
		metrics:  metrics,
		log:      o.Log,
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.server = &http.Server{
		Handler:           http.HandlerFunc(p.handle),
		BaseContext:       func(l net.Listener) context.Context { return contextOf(p.ctx, l) },
		ReadHeaderTimeout: headerLimit,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    maxHeader,
		// OPTIONS * gets the answer that everything else gets.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	return p, nil
}

// Serve takes connections from listener until that is closed or the proxy is
// shut down. It may be called for several listeners, at any time.
func (p *Proxy) Serve(listener net.Listener) error {
	err := p.server.Serve(wording{crowded{listener, p.crowd, func() {
		p.metrics.refusals.WithLabelValues(string(tooManyConns)).Inc()
	}}})
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("serve the API proxy: %w", err)
}

// Shutdown takes no new requests, and returns once all that are running have
// ended: by themselves until ctx ends, and by force then.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	p.stopping = true
	p.mu.Unlock()
	err := p.server.Shutdown(ctx)
	p.cancel()
	if ctx.Err() != nil { // nobody is to wait any longer
		err = p.server.Close()
	}
	p.running.Wait()
	p.api.close()
	if err != nil {
		return fmt.Errorf("shut the API proxy down: %w", err)
	}
	return nil
}

// enter counts a request in, unless the proxy is stopping.
func (p *Proxy) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return false
	}
	p.running.Add(1)
	return true
}
