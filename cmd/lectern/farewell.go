package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"lectern/cmd/lectern/config"
	"lectern/sandbox"
)

// leavingLimit is how long the sandboxes may take to be counted: whoever has
// stopped the gateway waits for it.
const leavingLimit = 2 * time.Second

// sayStopped tells the log what goes on without the gateway, whose ctx is over,
// and where there is an owner tells them too.
func sayStopped(ctx context.Context, backend sandbox.Backend, c config.Sandbox, log *slog.Logger, owner io.Writer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leavingLimit)
	defer cancel()
	left, err := backend.List(ctx)
	if err != nil {
		log.Warn("stopped, and could not count the sandboxes that live on", "error", err)
		return
	}
	log.Info("stopped", "sandboxes", len(left), "idle", c.Idle, "max_life", c.MaxLife)
	if owner != nil {
		farewell(owner, len(left), c)
	}
}

func farewell(out io.Writer, left int, c config.Sandbox) {
	live := ""
	switch left {
	case 0:
		_, _ = fmt.Fprint(out, "\nLectern has stopped. No sandbox is left running.\n")
		return
	case 1:
		live = "1 sandbox lives"
	default:
		live = fmt.Sprintf("%d sandboxes live", left)
	}
	_, _ = fmt.Fprintf(out, "\nLectern has stopped. %s on until nobody has typed for %s, and for %s in all at most; start the gateway again to go on.\n",
		live, config.DurationText(c.Idle), config.DurationText(c.MaxLife))
}
