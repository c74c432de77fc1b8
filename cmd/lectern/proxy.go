package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"lectern/cmd/lectern/config"
	"lectern/proxy"
	"lectern/proxy/report"
	"lectern/proxy/token"
)

// drainLimit is how long answers may go on once the proxy is to end. A kubelet
// kills after 30 seconds, and the last reports want some of them.
const drainLimit = 15 * time.Second

func proxyCommand() *cobra.Command {
	var (
		file        string
		printConfig bool
	)
	cmd := &cobra.Command{
		Use:   "proxy",
		Short: "Run the API proxy, the only one that has the key of the model's API",
		Long: `Run the API proxy between sandboxes and the model's API, as a process of its own.
Settings come from where those of lectern serve come from; it needs

  proxy.api_key_file, or ANTHROPIC_API_KEY in the environment
  proxy.session_tokens.public_key_file
  proxy.events.url and proxy.events.secret_file`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(config.LoadOptions{
				File: file, Environ: os.Environ(), Allow: []string{"LECTERN_TEST_*"}, Flags: cmd.Flags(), APIKey: true,
			})
			if err != nil {
				return err
			}
			if printConfig {
				return c.Write(cmd.OutOrStdout())
			}
			// No core dump and no other process of this user gets at the key.
			if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
				return fmt.Errorf("keep the memory of this process to itself: %w", err)
			}
			// A request goes through several goroutines, if only net/http's, and where
			// there is a second processor each wakes another thread to run the next:
			// that takes longer than what they do. One carries thousands of answers a
			// second, which is many classes.
			if os.Getenv("GOMAXPROCS") == "" {
				runtime.GOMAXPROCS(1)
			}
			return runProxy(cmd.Context(), c)
		},
	}
	config.RegisterFlags(cmd.Flags())
	cmd.Flags().StringVar(&file, "config", "", "YAML file with settings")
	cmd.Flags().BoolVar(&printConfig, "print-config", false, "print the settings in force, secrets masked, and exit")
	return cmd
}

// runProxy serves until ctx ends, then lets what is running come to its end
// and tells the gateway of it.
func runProxy(ctx context.Context, c config.Config) error {
	log, err := newLogger(c.Log)
	if err != nil {
		return err
	}
	registry := newRegistry()
	gateway, err := gatewayOf(c.Proxy.Events)
	if err != nil {
		return err
	}
	defer gateway.Close()
	queue := report.NewQueue(gateway, log)
	server, err := newProxy(c, gateway, queue, registry, log)
	if err != nil {
		return err
	}
	listener, watch, err := listenProxy(ctx, c)
	if err != nil {
		return err
	}
	log.Info("listening", "address", listener.Addr().String(), "upstream", c.Proxy.Upstream, "version", versionText())
	err = serveAll(ctx,
		func(ctx context.Context) error {
			return reporting(ctx, queue, func(ctx context.Context) error { return serveProxy(ctx, server, listener) })
		},
		func(ctx context.Context) error {
			return serveHTTP(ctx, watch, withMetrics(server.Health(), registry), log)
		},
	)
	if err == nil {
		log.Info("stopped")
	}
	return err
}

// reporting runs serve and delivers what the proxy reports meanwhile. The queue
// outlives the proxy, whose last answers it has to tell of.
func reporting(ctx context.Context, queue *report.Queue, serve func(context.Context) error) error {
	telling, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	told := make(chan error, 1)
	go func() { told <- queue.Run(telling) }()
	err := serve(ctx)
	stop()
	return errors.Join(err, <-told)
}

// serveProxy serves until ctx ends, and drains then.
func serveProxy(ctx context.Context, server *proxy.Proxy, listener net.Listener) error {
	serving, stop := context.WithCancel(ctx)
	defer stop()
	drained := make(chan error, 1)
	go func() { drained <- drain(serving, server, drainLimit) }()
	err := server.Serve(listener)
	stop()
	return errors.Join(err, <-drained)
}

// drain waits for the end of ctx and then ends the proxy: running answers have
// until the limit.
func drain(ctx context.Context, server *proxy.Proxy, limit time.Duration) error {
	<-ctx.Done()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return server.Shutdown(patience)
}

// gatewayOf is the gateway in its own process, to which the proxy reports.
func gatewayOf(c config.Events) (*report.Client, error) {
	if c.URL == "" {
		return nil, errors.New("the proxy cannot tell the gateway of completed stages: set proxy.events.url to the address of the gateway's proxy.events.listen, and proxy.events.secret_file")
	}
	secret, err := readSecret(c.SecretFile)
	if err != nil {
		return nil, err
	}
	return report.NewClient(c.URL, secret), nil
}

// newProxy makes the proxy of its own process, or says which setting is missing.
func newProxy(c config.Config, gateway report.Gateway, queue *report.Queue, registry *prometheus.Registry, log *slog.Logger) (*proxy.Proxy, error) {
	key, err := apiKey(c.Proxy)
	if err != nil {
		return nil, err
	}
	if _, err := key.Key(); err != nil {
		log.Warn("there is no key of the model's API yet, see proxy.api_key_file; every request is refused until it is there", "error", err)
	}
	if c.Proxy.Tokens.PublicKeyFile == "" {
		return nil, errors.New("the proxy has no key with which to check session tokens: set proxy.session_tokens.public_key_file to the public half that lectern keys has made")
	}
	verifier, err := token.ReadVerifier(c.Proxy.Tokens.PublicKeyFile)
	if err != nil {
		return nil, err
	}
	return proxyFor(c.Proxy, key, verifier, gateway, queue, registry, log)
}

// proxyFor makes a proxy as the settings say.
func proxyFor(c config.Proxy, key proxy.KeySource, verifier *token.Verifier, gateway report.Gateway, queue *report.Queue, registry *prometheus.Registry, log *slog.Logger) (*proxy.Proxy, error) {
	upstream, err := url.Parse(c.Upstream)
	if err != nil {
		return nil, fmt.Errorf("read proxy.upstream: %w", err)
	}
	if ip, err := netip.ParseAddr(upstream.Hostname()); upstream.Scheme == "http" && (err != nil || !ip.IsLoopback()) {
		log.Warn("the API key goes over the network for everybody to read; give proxy.upstream an https address", "upstream", c.Upstream)
	}
	return proxy.New(proxy.Options{
		Upstream: upstream, Key: key, Verifier: verifier, Gateway: gateway, Reporter: queue,
		Models: c.Models, Tools: c.Tools,
		RequestsPerMinute: c.RequestsPerMinute, Concurrency: c.Concurrency, TokensPerDay: c.TokensPerDay,
		Registerer: registry, Log: log,
	})
}

// apiKey finds the key. A file may still come, as a Secret does that is made
// later: until then the proxy is not ready.
func apiKey(c config.Proxy) (proxy.KeySource, error) {
	switch {
	case c.APIKeyFile != "":
		return proxy.KeyFile(c.APIKeyFile), nil
	case c.APIKey == "":
		return nil, errors.New("the proxy has no key of the model's API: set proxy.api_key_file to a file with it, or ANTHROPIC_API_KEY")
	default:
		key, err := proxy.FixedKey(c.APIKey.Reveal())
		if err != nil {
			return nil, fmt.Errorf("read ANTHROPIC_API_KEY: %w", err)
		}
		return key, nil
	}
}

// readSecret reads the word that proxy and gateway share.
func readSecret(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read proxy.events.secret_file: %w", err)
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" {
		return "", fmt.Errorf("read proxy.events.secret_file: %s is empty; put the secret there that lectern keys has made", path)
	}
	return secret, nil
}

// listenProxy takes both ports. watch is nil where there is no address for it.
func listenProxy(ctx context.Context, c config.Config) (front, watch net.Listener, err error) {
	if front, err = listenFor(ctx, "the API proxy", c.Proxy.Listen, "set proxy.listen to another address"); err != nil || c.Metrics.Listen == "" {
		return front, nil, err
	}
	if watch, err = listenFor(ctx, "metrics and health checks", c.Metrics.Listen, "set metrics.listen to another address, or to none"); err != nil {
		_ = front.Close()
	}
	return front, watch, err
}
