package web

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"lectern/gateway/auth"
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

// TestTooManyOfAll counts without opening any.
func TestTooManyOfAll(t *testing.T) {
	all := newSockets()
	for i := range mostSockets {
		if _, err := all.enter(visitor{Identity: auth.Identity{Login: strings.Repeat("x", i)}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	var last []*place
	for i := range mostFarewells + 1 {
		// The first one has a terminal besides, and no other.
		one := visitor{Identity: auth.Identity{Login: strings.Repeat("y", i/mostFarewellsOfLearner)}}
		place, err := all.enter(one, nil)
		if !errors.Is(err, errTooMany) || (place == nil) != (i == mostFarewells) {
			t.Fatalf("one more, number %d: %v, %v", i, err, place)
		}
		if i%mostFarewellsOfLearner == 1 {
			if again, err := all.enter(one, nil); !errors.Is(err, errTooMany) || again != nil {
				t.Errorf("one learner has a third: %v, %v", again, err)
			}
		}
		last = append(last, place)
	}
	// One of a learner without a terminal leaves, and the other one counts still.
	last[2].leave()
	one := visitor{Identity: auth.Identity{Login: "y"}}
	last[2], _ = all.enter(one, nil)
	last[mostFarewells-1].leave() // room for somebody
	if again, err := all.enter(one, nil); last[2] == nil || again != nil {
		t.Errorf("one learner has a third: %v, %v", again, err)
	}
	for _, place := range last[:mostFarewells-1] {
		place.leave()
	}
	if all.farewells != 0 || len(all.byLogin) != mostSockets {
		t.Errorf("when they have left there are %d, and %d learners", all.farewells, len(all.byLogin))
	}
}
