package web

import (
	"errors"
	"io"
	"testing"

	"github.com/coder/websocket"

	"lectern/gateway/auth"
	"lectern/web/api"
)

// full is a terminal that takes so many bytes and then fails.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return 0, errors.New("no more")
	}
	f.room -= len(p)
	return len(p), nil
}

// TestAllowance: what a learner types in all terminals is bounded together, and
// what is passed on or dropped is given back.
func TestAllowance(t *testing.T) {
	all := newAllowance()
	some := make([]byte, mostTyped)
	one, two, three := newTyped(all), newTyped(all), newTyped(all)
	if !one.add(some) || !two.add(some) {
		t.Fatal("two pastes are too much")
	}
	if one.add(some[:1]) || three.add(some[:1]) {
		t.Error("there is more than the bounds")
	}
	one.writeTo(&full{100 << 10}) // passes on three pieces of 32 KiB
	if !three.add(some[:96<<10]) || three.add(some[:1]) {
		t.Error("what was passed on is not given back")
	}
	one.close()
	one.close()
	if !three.add(some[:mostTyped-96<<10]) || three.add(some[:1]) {
		t.Error("what was dropped is not given back, once")
	}
	if !one.add(some) {
		t.Error("what comes behind the end is not taken")
	}
	two.close()
	two.writeTo(io.Discard) // has nothing more
	three.close()
	if all.left != mostTypedOfLearner {
		t.Errorf("%d are left", all.left)
	}
}

// allowed is how much else may wait of what ada types. She has a terminal open.
func (h *house) allowed() int {
	h.server.sockets.mu.Lock()
	defer h.server.sockets.mu.Unlock()
	a := h.server.sockets.byLogin["ada"].typed
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.left
}

// TestTypedBeforeARefusal does not count for ever against the one who was refused.
func TestTypedBeforeARefusal(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	b.enter("/ws")
	wasTyped := make(chan struct{})
	h.gateway.change(func() {
		h.gateway.enter = func() error {
			select {
			case <-wasTyped:
			case <-t.Context().Done():
			}
			return &api.Refused{Kind: api.Unavailable, Detail: "There are too many connections."}
		}
	})
	s := b.dial("/ws", subprotocol)
	s.send(websocket.MessageText, resize)
	s.types("exit\r")
	eventually(t, "that to wait", func() bool { return h.allowed() == mostTypedOfLearner-len("exit\r") })
	close(wasTyped)
	s.ends(websocket.StatusTryAgainLater, true, "too many connections")
	eventually(t, "it to be given back", func() bool { return h.allowed() == mostTypedOfLearner })
}

// TestStuckTerminals: two of a learner that read nothing can leave nothing for a
// third, until one of them has gone; and nobody else is touched.
func TestStuckTerminals(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	var first *sock
	for n := range 2 {
		s, _ := b.enter("/ws")
		if first == nil {
			first = s
		}
		// The first 2 MiB are in SSH's own window, once they are passed on.
		for sent := range 6 << 20 / pieceTyped {
			if sent == 4<<20/pieceTyped {
				eventually(t, "SSH to take a part", func() bool { return h.allowed() == mostTypedOfLearner-n*mostTyped-2<<20 })
			}
			s.send(websocket.MessageBinary, make([]byte, pieceTyped))
		}
		eventually(t, "it to be full", func() bool { return h.allowed() == mostTypedOfLearner-(n+1)*mostTyped })
	}
	third, _ := b.enter("/ws")
	third.types("x")
	third.ends(websocket.StatusPolicyViolation, false, "More was typed than the sandbox takes")
	bobs, other := h.visit(auth.Identity{Login: "bob", Fingerprint: "SHA256:bob"}).enter("/ws")
	bobs.types("x")
	other.reads("x")
	_ = first.conn.CloseNow()
	eventually(t, "what it held to be given back", func() bool { return h.allowed() == mostTyped })
	again, term := b.enter("/ws")
	again.types("x")
	term.reads("x")
}
