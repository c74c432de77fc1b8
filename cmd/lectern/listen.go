package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"lectern/cmd/lectern/config"
)

// listen takes all ports before anybody is told that the gateway is there.
// health is nil where there is no address for it.
func listen(ctx context.Context, c config.Config) (front, health net.Listener, err error) {
	var tcp net.ListenConfig
	if front, err = tcp.Listen(ctx, "tcp", c.SSH.Listen); err != nil {
		return nil, nil, cannotListen("SSH", c.SSH.Listen, "set ssh.listen to another address", err)
	}
	if c.Metrics.Listen == "" {
		return front, nil, nil
	}
	if health, err = tcp.Listen(ctx, "tcp", c.Metrics.Listen); err != nil {
		_ = front.Close()
		return nil, nil, cannotListen("health checks", c.Metrics.Listen, "set metrics.listen to another address, or to none", err)
	}
	return front, health, nil
}

// cannotListen says why an address cannot be had, in one sentence.
func cannotListen(what, address, remedy string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("cannot listen for %s on %s, because another program does so already: end that, or %s", what, address, remedy)
	}
	return fmt.Errorf("cannot listen for %s: %w; %s", what, err, remedy)
}
