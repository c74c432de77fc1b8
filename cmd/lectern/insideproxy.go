package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"lectern/cmd/lectern/config"
	"lectern/proxy"
	"lectern/proxy/report"
	"lectern/proxy/token"
)

// insideProxy is the API proxy in the gateway's own process, for sandboxes on
// this machine. It listens on their Unix sockets only.
type insideProxy struct {
	server  *proxy.Proxy
	queue   *report.Queue
	gateway *toGateway
}

func newInsideProxy(c config.Config, signer *token.Signer, registry *prometheus.Registry, log *slog.Logger) (*insideProxy, error) {
	key, err := apiKey(c.Proxy)
	if err != nil {
		return nil, err
	}
	// A file that a cluster would still bring is a mistake here.
	if _, err := key.Key(); err != nil {
		return nil, fmt.Errorf("the key of the model's API cannot be had, see proxy.api_key_file: %w", err)
	}
	// No core dump and no other process of this user gets at the key.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("keep the memory of this process to itself: %w", err)
	}
	gateway := newToGateway()
	queue := report.NewQueue(gateway, log)
	server, err := proxyFor(c.Proxy, key, signer.Verifier(), gateway, queue, registry, log)
	if err != nil {
		return nil, err
	}
	return &insideProxy{server: server, queue: queue, gateway: gateway}, nil
}

// partingLimit is how long answers may go on once the gateway is to end. Their
// sandboxes go on, and ask the next gateway again.
const partingLimit = 2 * time.Second

// tell says which gateway it is in.
func (p *insideProxy) tell(gateway report.Gateway) {
	if p != nil {
		p.gateway.is(gateway)
	}
}

// run delivers reports until ctx ends, and ends the proxy then. None is done at
// once.
func (p *insideProxy) run(ctx context.Context) error {
	if p == nil {
		return nil
	}
	return reporting(ctx, p.queue, func(ctx context.Context) error { return drain(ctx, p.server, partingLimit) })
}
