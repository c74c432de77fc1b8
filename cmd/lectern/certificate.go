package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"lectern/cmd/lectern/config"
)

// certificateOf is nil where there are no files.
func certificateOf(files config.TLS, log *slog.Logger) (*tls.Config, error) {
	if files.Certificate == "" {
		return nil, nil
	}
	c := &certificate{files: files, log: log, every: certificateEvery}
	if _, err := c.current(nil); err != nil {
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

	mu      sync.Mutex
	looked  time.Time
	failing string // why the files of the last look cannot be used
	changed [2]time.Time
	pair    *tls.Certificate
}

// certificateEvery is how often the files are looked at.
const certificateEvery = 10 * time.Second

func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.pair == nil || now.Sub(c.looked) >= c.every {
		c.looked = now
		err := c.look()
		if err != nil && c.pair == nil {
			return nil, err
		}
		c.say(err) // and the old one is better than none
	}
	return c.pair, nil
}

// say warns once of each reason why a new certificate is not taken.
func (c *certificate) say(err error) {
	failing := ""
	if err != nil {
		failing = err.Error()
	}
	if failing != "" && failing != c.failing {
		c.log.Warn("the page goes on with the certificate that it has; mend the files of web.tls", "error", err)
	}
	c.failing = failing
}

func (c *certificate) look() error {
	var changed [2]time.Time
	for i, path := range []string{c.files.Certificate, c.files.Key} {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("look at the page's certificate (web.tls): %w", err)
		}
		changed[i] = info.ModTime()
	}
	if c.pair != nil && changed == c.changed {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.Certificate, c.files.Key)
	if err != nil {
		return errors.Join(errors.New("the page's certificate (web.tls) cannot be used"), err)
	}
	c.pair, c.changed = &pair, changed
	return nil
}
