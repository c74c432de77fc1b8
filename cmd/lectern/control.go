package main

import (
	"context"
	"log/slog"

	"lectern/cmd/lectern/control"
	"lectern/progress"
)

// openControl lets other commands on this machine ask the gateway; the result
// answers until ctx ends. Nobody comes to learn through it, so where no socket
// can be, as on some network file systems, the gateway runs without.
func openControl(dataDir string, store *progress.Store, log *slog.Logger) func(context.Context) error {
	server, err := control.Open(dataDir, store, log)
	if err != nil {
		log.Warn("lectern backup and lectern progress export will not work while this gateway runs", "error", err)
		return func(context.Context) error { return nil }
	}
	return server.Run
}
