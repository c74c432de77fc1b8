package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// serveHealth answers whoever watches over this process, such as a kubelet,
// until ctx ends. A listener that is nil is none.
func serveHealth(ctx context.Context, listener net.Listener, health http.Handler) error {
	if listener == nil {
		return nil
	}
	front := &http.Server{
		Handler: health, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
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
	return fmt.Errorf("answer health checks: %w", err)
}
