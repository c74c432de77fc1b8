package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lectern/cmd/lectern/config"
	"lectern/gateway"
	"lectern/web/api"
)

// pageOf makes the page of settings that are good for a test.
func pageOf(t *testing.T, set func(*config.Config)) *browserPage {
	t.Helper()
	c := config.Defaults()
	c.DataDir = t.TempDir()
	set(&c)
	page, err := newPage(c, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := page.close(); err != nil {
			t.Error(err)
		}
	})
	return page
}

// serveOn serves a page at an address of its own until the test ends.
func (p *browserPage) serveOn(t *testing.T) (address string) {
	t.Helper()
	server, err := gateway.New(gateway.Options{HostKey: filepath.Join(t.TempDir(), "host_key"), Backend: emptyBackend{}, Grace: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- p.serve(ctx, listener, server) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// TestPageNamesTheSSHPort that learners reach.
func TestPageNamesTheSSHPort(t *testing.T) {
	for named, want := range map[int]int{0: 2022, 30022: 30022} {
		address := pageOf(t, func(c *config.Config) { c.SSH.Listen, c.Web.SSHPort = "127.0.0.1:2022", config.Port(named) }).serveOn(t)
		asked, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/api/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		asked.Host = "localhost:8080"
		transport := &http.Transport{DisableKeepAlives: true}
		answer, err := transport.RoundTrip(asked)
		if err != nil {
			t.Fatal(err)
		}
		var told api.Problem
		err = json.NewDecoder(answer.Body).Decode(&told)
		_ = answer.Body.Close()
		if err != nil || told.SSHPort != want || told.SSHLogin != "lab" {
			t.Errorf("with web.ssh_port %d the page names %+v, %v", named, told, err)
		}
	}
}

// pageWithin makes a page where so many files may be open, and gives back the limit
// that the tests have.
func pageWithin(t *testing.T, files uint64, set func(*config.Config)) *browserPage {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	}()
	few := limit
	few.Cur = files
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	return pageOf(t, set)
}

// TestPageLeavesDescriptors to ssh, whatever connections somebody opens.
func TestPageLeavesDescriptors(t *testing.T) {
	// Sixty are for the terminals. Of the others the page takes a hundred, and eighty
	// from one address.
	page := pageWithin(t, 260, func(c *config.Config) { c.SSH.MaxConnections = 20 })
	address := page.serveOn(t)
	var newest net.Conn
	for range 81 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		newest = conn
	}
	// Sooner than one that may say something is given up on.
	_ = newest.SetReadDeadline(time.Now().Add(3 * time.Second))
	if _, err := newest.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("one too many is not closed: %v", err)
	}
}
