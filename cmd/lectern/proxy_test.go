package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/cmd/lectern/config"
	"lectern/proxy/token"
)

// proxyConfig has all that lectern proxy needs, in files of its own.
func proxyConfig(t *testing.T) config.Config {
	t.Helper()
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	_, public, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Defaults()
	c.Proxy.Listen, c.Metrics.Listen = "127.0.0.1:0", ""
	c.Proxy.APIKeyFile = file("api-key", []byte("a-key\n"))
	c.Proxy.Tokens.PublicKeyFile = file("public.pem", public)
	c.Proxy.Events.URL = "http://127.0.0.1:1"
	c.Proxy.Events.SecretFile = file("secret", []byte("a secret of the lab's own\n"))
	return c
}

func TestProxySaysWhatItLacks(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for want, set := range map[string]func(*config.Config){
		"set proxy.api_key_file":                   func(c *config.Config) { c.Proxy.APIKeyFile = "" },
		"read ANTHROPIC_API_KEY":                   func(c *config.Config) { c.Proxy.APIKeyFile, c.Proxy.APIKey = "", "two words" },
		"set proxy.session_tokens.public_key_file": func(c *config.Config) { c.Proxy.Tokens.PublicKeyFile = "" },
		"holds no public key":                      func(c *config.Config) { c.Proxy.Tokens.PublicKeyFile = empty },
		"set proxy.events.url":                     func(c *config.Config) { c.Proxy.Events.URL = "" },
		"read proxy.events.secret_file":            func(c *config.Config) { c.Proxy.Events.SecretFile += "-missing" },
		"is empty; put the secret there":           func(c *config.Config) { c.Proxy.Events.SecretFile = empty },
		"set proxy.listen to another address":      func(c *config.Config) { c.Proxy.Listen = taken.Addr().String() },
		"set metrics.listen to another address":    func(c *config.Config) { c.Metrics.Listen = taken.Addr().String() },
	} {
		c := proxyConfig(t)
		set(&c)
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // for one that starts all the same
		if err := runProxy(ctx, c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("it ends with %v, not %q", err, want)
		}
	}
}

// TestProxyServes: its port is for sandboxes, and the other one for whoever
// watches.
func TestProxyServes(t *testing.T) {
	c := proxyConfig(t)
	c.Proxy.Listen, c.Metrics.Listen = freeAddress(t), freeAddress(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runProxy(ctx, c) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(url string) (int, string) {
		for {
			res, err := client.Get(url)
			select {
			case err := <-ended:
				t.Fatalf("the proxy has ended with %v", err)
			default:
			}
			if err != nil {
				continue // it is still starting
			}
			text, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			return res.StatusCode, string(text)
		}
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/metrics": "lectern_proxy_requests_in_flight 0"} {
		if status, text := get("http://" + c.Metrics.Listen + path); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s is answered with %d: %s", path, status, text)
		}
		if status, text := get("http://" + c.Proxy.Listen + path); status != http.StatusNotFound || !strings.Contains(text, "not_found_error") {
			t.Errorf("sandboxes get for %s: %d: %s", path, status, text)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
