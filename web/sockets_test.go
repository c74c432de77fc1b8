package web

import (
	"net"
	"net/http"
	"testing"

	"github.com/coder/websocket"
)

// TestTooManyFarewells: one that is too many is opened to be told so, and no more
// than two of a learner at a time.
func TestTooManyFarewells(t *testing.T) {
	h := newHouse(t, func(_ *Options, p *pace) { p.closing = patience })
	b := h.visit(ada)
	for range mostSocketsOfLearner {
		b.enter("/ws")
	}
	var silent []net.Conn // do not answer their being closed
	for range mostFarewellsOfLearner {
		silent = append(silent, b.raw())
	}
	b.get("/ws", func(r *http.Request) {
		for name, value := range handshake {
			r.Header.Set(name, value)
		}
	}).refused(http.StatusServiceUnavailable, "Close one")
	for _, conn := range silent {
		_ = conn.Close()
	}
	farewells := func() int {
		h.server.sockets.mu.Lock()
		defer h.server.sockets.mu.Unlock()
		return h.server.sockets.farewells
	}
	eventually(t, "the last words to be said", func() bool { return farewells() == 0 })
	b.dial("/ws", subprotocol).ends(websocket.StatusTryAgainLater, true, "Close one")
}
