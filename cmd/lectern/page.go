package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/cmd/lectern/config"
	"lectern/gateway"
	"lectern/web"
	"lectern/web/api"
)

// browserPage is the page for browsers; nil where there is none.
type browserPage struct {
	server *web.Server
	secure *tls.Config // nil: plain HTTP
}

func newPage(c config.Config, registry prometheus.Registerer, log *slog.Logger) (*browserPage, error) {
	if !c.Web.Enabled {
		return nil, nil
	}
	var proxies []netip.Prefix
	for _, text := range c.Web.Proxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("read web.proxies: %w", err) // config has checked it
		}
		proxies = append(proxies, prefix)
	}
	secure, err := certificateOf(c.Web.TLS, log)
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(c.SSH.Listen)
	sshPort, _ := strconv.Atoi(port)
	server, err := web.New(web.Options{
		PublicURL: c.Web.PublicURL, Origins: c.Web.Origins, Proxies: proxies, SignInFor: c.Web.SignInFor,
		Path: filepath.Join(c.DataDir, "browsers.db"), SSHLogin: c.SSH.SharedLogin, SSHPort: sshPort, Registry: registry, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return &browserPage{server, secure}, nil
}

// desk is what the gateway hands out links from.
func (p *browserPage) desk() api.Desk {
	if p == nil {
		return nil
	}
	return p.server
}

func (p *browserPage) close() error {
	if p == nil {
		return nil
	}
	return p.server.Close()
}

// serve answers browsers until ctx ends.
func (p *browserPage) serve(ctx context.Context, listener net.Listener, g *gateway.Server) error {
	if p == nil {
		return nil
	}
	handler, err := p.server.Handler(g)
	if err != nil {
		return err
	}
	if p.secure != nil {
		listener = tls.NewListener(listener, p.secure)
	}
	return serveHTTP(ctx, listener, handler)
}
