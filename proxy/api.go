package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	dialLimit = 10 * time.Second
	// firstLimit is how long an answer that does not stream may take: its header
	// comes at its end.
	firstLimit = 10 * time.Minute
	// idleUpstream is how long a connection waits for the next request. The API
	// closes one that waits longer.
	idleUpstream = 90 * time.Second
	// maxIdle is more than there are answers at once.
	maxIdle = 64
)

// api asks the model's API over connections that it keeps.
//
// An http.Transport has two goroutines for each connection, so that every
// request and every piece of an answer is handed from one to another, which
// takes more time than all else that the proxy does. Here the goroutine that
// answers the client writes and reads itself. That is HTTP/1.1 and one request
// at a time, so a connection that breaks ends one answer and not everybody's.
//
// There is no way by HTTPS_PROXY: the key goes to the upstream and nowhere else.
type api struct {
	address string // host:port
	tls     *tls.Config
	connect func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex
	idle   []*line // the one that was used last at the end
	sweep  *time.Timer
	closed bool
}

func newAPI(at *url.URL) *api {
	a := &api{connect: (&net.Dialer{Timeout: dialLimit}).DialContext}
	port := at.Port()
	if at.Scheme == "https" {
		a.tls = &tls.Config{
			ServerName: at.Hostname(),
			NextProtos: []string{"http/1.1"},
			// A request of Claude Code in a few writes instead of fifty.
			DynamicRecordSizingDisabled: true,
		}
	}
	switch {
	case port != "":
	case a.tls != nil:
		port = "443"
	default:
		port = "80"
	}
	a.address = net.JoinHostPort(at.Hostname(), port)
	return a
}

// ask sends a request and returns the header of the answer, whose body is to be
// closed.
func (a *api) ask(ctx context.Context, r question) (*http.Response, error) {
	l, err := a.line(ctx)
	if err != nil {
		return nil, err
	}
	return l.ask(ctx, r)
}

// line gives a connection: one that waits, or a new one.
func (a *api) line(ctx context.Context) (*line, error) {
	for {
		a.mu.Lock()
		last := len(a.idle) - 1
		if last < 0 {
			a.mu.Unlock()
			return a.dial(ctx)
		}
		l := a.idle[last]
		a.idle[last], a.idle = nil, a.idle[:last]
		a.mu.Unlock()
		if l.quiet() {
			return l, nil
		}
		l.close()
	}
}

func (a *api) dial(ctx context.Context) (*line, error) {
	conn, err := a.connect(ctx, "tcp", a.address)
	if err != nil {
		return nil, err
	}
	below := &gathered{Conn: overSocket(conn)}
	if a.tls == nil {
		return newLine(a, below, below), nil
	}
	secured := tls.Client(below, a.tls)
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("agree on TLS with %s: %w", a.address, err)
	}
	return newLine(a, below, secured), nil
}

// keep has a connection wait for the next request.
func (a *api) keep(l *line) {
	l.since = time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || len(a.idle) == maxIdle {
		l.close()
		return
	}
	a.idle = append(a.idle, l)
	if a.sweep == nil {
		a.sweep = time.AfterFunc(idleUpstream, a.closeStale)
	}
}

// closeStale closes the connections that have waited too long, and comes again
// as long as there are others.
func (a *api) closeStale() {
	a.mu.Lock()
	defer a.mu.Unlock()
	stale := 0
	for stale < len(a.idle) && time.Since(a.idle[stale].since) >= idleUpstream {
		a.idle[stale].close()
		stale++
	}
	a.idle = slices.Delete(a.idle, 0, stale)
	a.sweep = nil
	if len(a.idle) > 0 {
		a.sweep = time.AfterFunc(time.Until(a.idle[0].since.Add(idleUpstream)), a.closeStale)
	}
}

// close closes all connections that wait, and those that would.
func (a *api) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for _, l := range a.idle {
		l.close()
	}
	a.idle = nil
	if a.sweep != nil {
		a.sweep.Stop() // where it runs already, it finds nothing
	}
}

func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
