package web

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

// slowLink lets so many bytes through each 10 ms, the way to the page.
type slowLink struct {
	net.Conn
	tick  *time.Ticker
	bytes int
}

func (l *slowLink) Read(p []byte) (int, error) {
	<-l.tick.C
	return l.Conn.Read(p[:min(len(p), l.bytes)])
}

// slowed makes the links of a browser slow.
func (b *visiting) slowed(bytes int) {
	tick := time.NewTicker(10 * time.Millisecond)
	b.t.Cleanup(tick.Stop)
	b.link = func(conn net.Conn) net.Conn { return &slowLink{conn, tick, bytes} }
}

// TestSilence: when a page is let go that speaks or answers at times.
func TestSilence(t *testing.T) {
	const after = 25 * time.Second
	answer := func(took time.Duration) func(context.Context) error {
		return func(within context.Context) error {
			select {
			case <-time.After(took):
				return nil
			case <-within.Done():
				return within.Err()
			}
		}
	}
	stuck := func(context.Context) error { return errors.New("there is output before it") }
	for name, c := range map[string]struct {
		speaks time.Duration // when; 0: never
		ask    func(context.Context) error
		leaves time.Duration // when the line ends otherwise; 0: in an hour
		lives  time.Duration // until it is let go; 0: it is not
	}{
		"silent":                      {ask: answer(time.Hour), lives: 2 * after},
		"answers in time":             {ask: answer(after - 1)},
		"answers too late":            {ask: answer(after + 1), lives: 2 * after},
		"speaks before it is asked":   {speaks: after / 2, ask: answer(time.Hour), lives: 3 * after},
		"speaks instead of answering": {speaks: after * 3 / 2, ask: answer(time.Hour), lives: 4 * after},
		"speaks at the last moment":   {speaks: 2*after - 1, ask: answer(time.Hour), lives: 4 * after},
		"cannot be asked":             {ask: stuck, lives: 2 * after},
		"speaks where it cannot be":   {speaks: after * 3 / 2, ask: stuck, lives: 4 * after},
		"leaves before it is asked":   {ask: answer(time.Hour), leaves: after / 2},
		"leaves while it is asked":    {ask: answer(time.Hour), leaves: after * 3 / 2},
		"leaves and cannot be asked":  {ask: stuck, leaves: after * 3 / 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leaves := cmp.Or(c.leaves, time.Hour)
				ctx, cancel := context.WithTimeout(t.Context(), leaves)
				defer cancel()
				var heard atomic.Int64
				if c.speaks > 0 {
					time.AfterFunc(c.speaks, func() { heard.Add(1) })
				}
				began := time.Now()
				silent := fallsSilent(ctx, after, heard.Load, c.ask)
				if lived := time.Since(began); silent != (c.lives > 0) || lived != cmp.Or(c.lives, leaves) {
					t.Errorf("it is let go: %t, after %v", silent, lived)
				}
			})
		})
	}
}

// TestSlowLink: whoever draws is alive, though behind all that waits for a slow
// link no ping gets through in time.
func TestSlowLink(t *testing.T) {
	h := newHouse(t, func(_ *Options, p *pace) { p.ping = 400 * time.Millisecond })
	b := h.visit(ada)
	b.slowed(4 << 10) // so that the window takes a second
	s, term := b.enter("/ws")
	s.with(func() { s.keeps = false })
	const size = 1 << 20
	term.print(strings.Repeat("x", size))
	term.ends("", 0)
	s.ends(websocket.StatusNormalClosure, false, "You have left.")
	if s.bytes != size {
		t.Errorf("%d bytes came of %d", s.bytes, size)
	}
}

// TestPageThatOnlyAnswers is one whose tab is hidden: it draws nothing of a flood
// for now, and is there.
func TestPageThatOnlyAnswers(t *testing.T) {
	const ping = 250 * time.Millisecond
	h := newHouse(t, func(_ *Options, p *pace) { p.ping = ping })
	s, term := h.visit(ada).enter("/ws")
	s.with(func() { s.acks, s.keeps = false, false })
	defer flood(term)()
	time.Sleep(4 * ping) // in which it would be missed
	s.say(map[string]any{"type": "ping"})
	s.hears("pong")
	if term.hasEnded() {
		t.Error("the page was let go")
	}
}

// TestDeafPage: one whose machine is there and does not answer is let go, also
// where it stops in a flood.
func TestDeafPage(t *testing.T) {
	h := newHouse(t, func(_ *Options, p *pace) { p.ping, p.closing = 50*time.Millisecond, 50*time.Millisecond })
	b := h.visit(ada)
	alive, _ := b.enter("/ws") // answers pings, since it reads
	for _, flooded := range []bool{false, true} {
		conn, _, err := b.tryDial("/ws", subprotocol)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.CloseNow() }()
		if err := conn.Write(t.Context(), websocket.MessageText, resize); err != nil {
			t.Fatal(err)
		}
		term := h.gateway.next()
		if flooded {
			defer flood(term)()
		}
		eventually(t, "the deaf page to be let go", term.hasEnded)
	}
	alive.say(map[string]any{"type": "ping"})
	alive.hears("pong")
}
