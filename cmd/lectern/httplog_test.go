package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"lectern/internal/lecterntest"
)

// lines are those of a log, as they are written.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// TestHTTPErrorsAreLogged as all else is, and strangers at no level that is
// written unless asked for.
func TestHTTPErrorsAreLogged(t *testing.T) {
	dir := t.TempDir()
	certificate, key := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	lecterntest.WriteCertificate(t, certificate, key, x509.Certificate{})
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		secure bool
		level  string
	}{
		"plain HTTP at a port of TLS": {true, "DEBUG"},
		"a handler that panics":       {false, "ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := listener.Addr().String()
			if test.secure {
				listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
			}
			ctx, cancel := context.WithCancel(t.Context())
			written := make(lines, 1)
			log := slog.New(slog.NewJSONHandler(written, &slog.HandlerOptions{Level: slog.LevelDebug}))
			served := make(chan error, 1)
			go func() {
				served <- serveHTTP(ctx, listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a fault") }), log)
			}()
			defer func() {
				cancel()
				if err := <-served; err != nil {
					t.Error(err)
				}
			}()
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			var said string
			select {
			case said = <-written:
			case <-time.After(10 * time.Second):
				t.Fatal("nothing is logged")
			}
			var line struct{ Level, Error string }
			if err := json.Unmarshal([]byte(said), &line); err != nil || line.Level != test.level || line.Error == "" {
				t.Errorf("the log has %q, %v", said, err)
			}
		})
	}
}
