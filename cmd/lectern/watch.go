package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// newRegistry has the metrics that any program has.
func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo())
	return registry
}

// buildInfo is 1, and says by its label which Lectern this is.
func buildInfo() prometheus.Collector {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "lectern", Name: "build_info", Help: "The version of this program; always 1."}, []string{"version"})
	info.WithLabelValues(versionText()).Set(1)
	return info
}

// withMetrics answers /metrics beside the questions about health.
func withMetrics(health http.Handler, registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

// writeTimeout is for a client that takes no bytes. The longest that anybody waits
// for an answer is a front end's wait for a place; a WebSocket is not bound by it.
const writeTimeout = 2 * time.Minute

// serveHTTP answers those who are no learners, such as a kubelet or the proxy,
// until ctx ends. A listener that is nil is none.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	if listener == nil {
		return nil
	}
	front := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: writeTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: errorLog(log),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		_ = front.Close()
	})
	err := front.Serve(listener)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve HTTP on %s: %w", listener.Addr(), err)
}
