package main

import (
	"context"
	"fmt"
	"net"

	"lectern/cmd/lectern/config"
)

// listen takes all ports before anybody is told that the gateway is there.
// health is nil where there is no address for it.
func listen(ctx context.Context, c config.Config) (front, health net.Listener, err error) {
	var tcp net.ListenConfig
	if front, err = tcp.Listen(ctx, "tcp", c.SSH.Listen); err != nil {
		return nil, nil, fmt.Errorf("listen for SSH; ssh.listen can be another address: %w", err)
	}
	if c.Metrics.Listen == "" {
		return front, nil, nil
	}
	if health, err = tcp.Listen(ctx, "tcp", c.Metrics.Listen); err != nil {
		_ = front.Close()
		return nil, nil, fmt.Errorf("listen for health checks; metrics.listen can be another address or empty: %w", err)
	}
	return front, health, nil
}
