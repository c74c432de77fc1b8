package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lectern/cmd/lectern/config"
)

// piped is a listener of connections that the test makes, in the time of its
// bubble.
type piped struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *piped) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *piped) Close() error {
	close(l.done)
	return nil
}

func (l *piped) Addr() net.Addr { return &net.TCPAddr{} }

// TestConnectionsThatAskNothing are closed: before they have asked for anything,
// in the middle of it, in a TLS handshake, and afterwards.
func TestConnectionsThatAskNothing(t *testing.T) {
	files := config.TLS{Certificate: filepath.Join(t.TempDir(), "tls.crt"), Key: filepath.Join(t.TempDir(), "tls.key")}
	writeCertificate(t, files, 1, time.Now())
	pair, err := tls.LoadX509KeyPair(files.Certificate, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	trickle := func(conn net.Conn) {
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX: ")
		for ; err == nil; _, err = io.WriteString(conn, "x") {
			time.Sleep(time.Second)
		}
	}
	for name, c := range map[string]struct {
		secure bool
		say    func(net.Conn)
		within time.Duration
	}{
		"nothing":           {false, func(net.Conn) {}, 10 * time.Second},
		"trickle":           {false, trickle, 10 * time.Second},
		"TLS, nothing":      {true, func(net.Conn) {}, 10 * time.Second},
		"TLS, half a hello": {true, func(conn net.Conn) { _, _ = conn.Write([]byte{22, 3, 1, 1, 0, 1}) }, 10 * time.Second},
		"one request": {false, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		}, time.Minute + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &piped{conns: make(chan net.Conn), done: make(chan struct{})}
				var listener net.Listener = l
				if c.secure {
					listener = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
				}
				ctx, cancel := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() {
					served <- serveHTTP(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), slog.New(slog.DiscardHandler))
				}()
				ours, theirs := net.Pipe()
				l.conns <- theirs
				began := time.Now()
				var saying sync.WaitGroup
				saying.Go(func() { c.say(ours) })
				_ = ours.SetReadDeadline(time.Now().Add(time.Hour))
				if _, err := io.Copy(io.Discard, bufio.NewReader(ours)); err != nil {
					t.Errorf("it ends with %v", err)
				}
				if took := time.Since(began); took > c.within {
					t.Errorf("it is closed after %v", took)
				}
				_ = ours.Close()
				saying.Wait()
				cancel()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
