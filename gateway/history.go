package gateway

import (
	"fmt"
	"strings"

	"lectern/gateway/audit"
)

// happened says an event of a session in the few words that a list of them has
// room for.
func happened(e audit.Event) string {
	text := map[audit.Kind]string{
		audit.SandboxMade: "started", audit.Attached: "connected", audit.Detached: "disconnected",
		audit.TakenOver: "taken over by a newer connection", audit.SandboxEnded: "ended",
		audit.Completed: fmt.Sprintf("stage %d complete", e.Stage), audit.Granted: fmt.Sprintf("stage %d granted", e.Stage),
		audit.Killed: "ended", audit.Messaged: "got a message", audit.Extended: "extended",
		audit.WatchBegan: "watched", audit.WatchEnded: "watched no more", audit.ProxyRefused: "refused by the API proxy",
	}[e.Kind]
	if text == "" {
		text = strings.ReplaceAll(string(e.Kind), "-", " ")
	}
	for _, more := range []struct{ format, fact string }{
		{" by %s", e.By}, {" from %s", hostOf(e.Remote)}, {": %s", e.Ending}, {" (%s)", e.Evidence}, {", %s", e.Reason}, {", %s", e.Detail},
	} {
		if more.fact != "" && (e.By == "" || more.fact != hostOf(e.Remote)) {
			text += fmt.Sprintf(more.format, more.fact)
		}
	}
	return text
}

// hostOf is an address without its port.
func hostOf(address string) string {
	if i := strings.LastIndexByte(address, ':'); i > 0 {
		return address[:i]
	}
	return address
}
