package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"lectern/cmd/lectern/config"
)

// doors are the ports of a gateway. One that has no address is nil.
type doors struct{ ssh, watch, events, page net.Listener }

// listen takes all ports before anybody is told that the gateway is there.
func listen(ctx context.Context, c config.Config) (d doors, err error) {
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.ssh, err = listenFor(ctx, "SSH", c.SSH.Listen, "set ssh.listen to another address"); err != nil {
		return d, err
	}
	if c.Metrics.Listen != "" {
		if d.watch, err = listenFor(ctx, "metrics and health checks", c.Metrics.Listen, "set metrics.listen to another address, or to none"); err != nil {
			return d, err
		}
	}
	if c.Proxy.Events.Listen != "" {
		if d.events, err = listenFor(ctx, "the proxy's reports", c.Proxy.Events.Listen, "set proxy.events.listen to another address"); err != nil {
			return d, err
		}
	}
	if c.Web.Enabled {
		d.page, err = listenFor(ctx, "browsers", c.Web.Listen, "set web.listen to another address, or web.enabled to false")
	}
	return d, err
}

func (d doors) close() {
	for _, l := range []net.Listener{d.ssh, d.watch, d.events, d.page} {
		if l != nil {
			_ = l.Close()
		}
	}
}

// listenFor takes one port, or says in one sentence why it cannot be had.
func listenFor(ctx context.Context, what, address, remedy string) (net.Listener, error) {
	var tcp net.ListenConfig
	l, err := tcp.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("cannot listen for %s on %s, because another program does so already: end that, or %s", what, address, remedy)
	case err != nil:
		return nil, fmt.Errorf("cannot listen for %s: %w; %s", what, err, remedy)
	}
	return l, nil
}
