package main

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"

	"lectern/cmd/lectern/config"
	"lectern/cmd/lectern/tlsfiles"
)

// certificateOf is nil where there are no files.
func certificateOf(files config.TLS, log *slog.Logger) (*tls.Config, error) {
	if files.Certificate == "" {
		return nil, nil
	}
	c, err := openCertificate(files, certificateEvery, log)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, GetCertificate: c.current,
		NextProtos: []string{"http/1.1"}, // a WebSocket takes over the connection
	}, nil
}

// certificate is that of the page, read again when its files change: it is
// renewed every few weeks, and nobody wants to restart a class for it.
type certificate struct {
	files config.TLS
	log   *slog.Logger
	every time.Duration

	mu      sync.Mutex // is not held while files are read: they may be on a disk that hangs
	newest  pair
	looked  time.Time // the end of the last look
	looking bool      // somebody is; all others go on with newest
	failing string    // why the files of the last look cannot be used
}

// pair is what the files had, and when they were changed last.
type pair struct {
	certificate *tls.Certificate
	changed     [2]time.Time
}

// certificateEvery is how often the files are looked at.
const certificateEvery = 10 * time.Second

func openCertificate(files config.TLS, every time.Duration, log *slog.Logger) (*certificate, error) {
	first, err := readPair(files, pair{})
	if err != nil {
		return nil, err
	}
	return &certificate{files: files, log: log, every: every, newest: first, looked: time.Now()}, nil
}

// current gives the certificate for a connection. One of those that come when it
// is time looks whether there is a newer one.
func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	have, due := c.begin()
	if !due {
		return have.certificate, nil
	}
	found, err := readPair(c.files, have)
	if err != nil {
		found = have // is better than none
	}
	if c.end(found, err) {
		c.log.Warn("the page goes on with the certificate that it has", "error", err)
	}
	return found.certificate, nil
}

// begin gives what there is, and tells whether the caller has to look, until end.
func (c *certificate) begin() (have pair, due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	due = !c.looking && time.Since(c.looked) >= c.every
	c.looking = c.looking || due
	return c.newest, due
}

// end keeps what a look has found, and tells whether it failed for another reason
// than the one before.
func (c *certificate) end(found pair, err error) (news bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newest, c.looked, c.looking = found, time.Now(), false
	before := c.failing
	c.failing = ""
	if err != nil {
		c.failing = err.Error()
	}
	return err != nil && c.failing != before
}

// readPair reads the files, unless they have not changed.
func readPair(files config.TLS, have pair) (pair, error) {
	var changed [2]time.Time
	for i, path := range []string{files.Certificate, files.Key} {
		if info, err := os.Stat(path); err == nil { // else reading it says why
			changed[i] = info.ModTime()
		}
	}
	if have.certificate != nil && changed == have.changed {
		return have, nil
	}
	read, err := tlsfiles.Read(files)
	if err != nil {
		return pair{}, err
	}
	return pair{read, changed}, nil
}
