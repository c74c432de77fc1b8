package main

import (
	"context"
	stdlog "log"
	"log/slog"
	"strings"
)

// httpErrors takes what net/http has to say of connections, which would be lines
// of its own in the log.
type httpErrors struct{ log *slog.Logger }

func errorLog(log *slog.Logger) *stdlog.Logger { return stdlog.New(httpErrors{log}, "", 0) }

// Write gives a line the weight that it has: any stranger can fail at a TLS
// handshake as often as they like, while a panic is a fault of ours.
func (h httpErrors) Write(line []byte) (int, error) {
	says, level := strings.TrimSpace(string(line)), slog.LevelWarn
	switch {
	case strings.HasPrefix(says, "http: TLS handshake error"):
		level = slog.LevelDebug
	case strings.HasPrefix(says, "http: panic"):
		level = slog.LevelError
	}
	h.log.Log(context.Background(), level, "a connection by HTTP went wrong", "error", says)
	return len(line), nil
}
