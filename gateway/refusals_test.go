package gateway

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRefusalsDoNotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := &refusals{log: slog.New(slog.NewTextHandler(&log, nil))}
		full := errors.New("it is full")
		remote := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1234}
		for range 1000 {
			r.add(remote, full)
		}
		if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "192.0.2.1:1234") {
			t.Errorf("of 1000 refusals at once the log has %d lines: %s", n, log.String())
		}
		time.Sleep(refusalsEvery)
		r.add(remote, full)
		if !strings.Contains(log.String(), "others=999") {
			t.Errorf("the log does not say how many there were: %s", log.String())
		}
	})
}
