package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"lectern/gateway"
)

// serveHealth answers whoever watches over the gateway, such as a kubelet,
// until ctx ends. An empty address is none.
func serveHealth(ctx context.Context, address string, server *gateway.Server) error {
	if address == "" {
		return nil
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for health checks; metrics.listen can be another address or empty: %w", err)
	}
	front := &http.Server{
		Handler: server.Health(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		_ = front.Close()
	})
	err = front.Serve(listener)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("answer health checks: %w", err)
}
