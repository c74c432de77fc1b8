package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"lectern/cmd/lectern/config"
	"lectern/gateway"
	"lectern/web"
	"lectern/web/api"
)

// browserPage is the page for browsers; nil where there is none.
type browserPage struct {
	server *web.Server
	secure *tls.Config // nil: plain HTTP
	log    *slog.Logger
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
	descriptors, err := descriptorLimit()
	if err != nil {
		return nil, err
	}
	server, err := web.New(web.Options{
		PublicURL: c.Web.PublicURL, Origins: c.Web.Origins, Proxies: proxies, SignInFor: c.Web.SignInFor,
		Path: filepath.Join(c.DataDir, "browsers.db"), SSHLogin: c.SSH.SharedLogin, SSHPort: sshPort(c), Descriptors: descriptors,
		Terminals: c.SSH.MaxConnections, Registry: registry, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return &browserPage{server, secure, log}, nil
}

// sshPort is the one that learners reach.
func sshPort(c config.Config) int {
	if c.Web.SSHPort != 0 {
		return int(c.Web.SSHPort)
	}
	_, port, _ := net.SplitHostPort(c.SSH.Listen) // config has checked it
	number, _ := strconv.Atoi(port)
	return number
}

// descriptorLimit is how many files and connections this program may have open
// (getrlimit(2)). Go has raised that to the most that it may be. More than an int
// of 32 bits can say is as good as no limit.
func descriptorLimit() (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("ask how many files may be open: %w", err)
	}
	return int(min(limit.Cur, math.MaxInt32)), nil
}

// desk is what the gateway hands out links from.
func (p *browserPage) desk() api.Desk {
	if p == nil {
		return nil
	}
	return p.server
}

// address is where browsers reach it; empty where there is none.
func (p *browserPage) address() string {
	if p == nil {
		return ""
	}
	return p.server.URL()
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
	listener = p.server.Listener(listener)
	if p.secure != nil {
		listener = tls.NewListener(listener, p.secure)
	}
	return serveHTTP(ctx, listener, handler, p.log)
}
