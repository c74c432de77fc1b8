package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"lectern/cmd/lectern/config"
)

// certificateOf is nil where there are no files.
func certificateOf(files config.TLS) (*tls.Config, error) {
	if files.Certificate == "" {
		return nil, nil
	}
	c := &certificate{files: files}
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

	mu      sync.Mutex
	looked  time.Time
	changed [2]time.Time
	pair    *tls.Certificate
}

// certificateEvery is how often the files are looked at.
const certificateEvery = 10 * time.Second

func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.pair == nil || now.Sub(c.looked) >= certificateEvery {
		c.looked = now
		if err := c.look(); err != nil && c.pair == nil {
			return nil, err
		}
	}
	return c.pair, nil // the old one is better than none
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
