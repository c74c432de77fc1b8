package web

import (
	"bytes"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// flood prints for as long as anybody takes it, until stop, which waits.
func flood(term *terminal) (stop func()) {
	line := bytes.Repeat([]byte("0123456789abcdef"), 2<<10)
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := term.channel.Write(line); err != nil {
				return
			}
		}
	})
	return func() {
		close(done)
		_ = term.channel.Close()
		running.Wait()
	}
}

// TestWindow: no more is on its way than the window, whatever waits.
func TestWindow(t *testing.T) {
	h := newHouse(t)
	s := h.visit(ada).dial("/ws", subprotocol)
	s.with(func() { s.acks, s.keeps = false, false })
	s.say(map[string]any{"type": "resize", "cols": 80, "rows": 24})
	term := h.gateway.next()
	defer flood(term)()
	came := func() int64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.bytes
	}
	eventually(t, "the window to be full", func() bool { return came() >= window })
	s.say(map[string]any{"type": "ping"})
	s.hears("pong") // whatever came before has come
	before := came()
	if before >= window+64<<10 {
		t.Errorf("%d bytes came without having been acknowledged", before)
	}
	// What is typed gets through all the same.
	s.types("\x03")
	term.reads("\x03")
	s.say(map[string]any{"type": "ack", "bytes": 100 << 10})
	eventually(t, "as much more", func() bool { return came() >= window+100<<10 })
	s.say(map[string]any{"type": "ping"})
	s.hears("pong")
	if more := came() - before; more > 164<<10 {
		t.Errorf("%d bytes came for 100 KiB that were acknowledged", more)
	}
}

// TestFloodThatNobodyTakes: memory stays flat, and what is flooded waits where it
// comes from.
func TestFloodThatNobodyTakes(t *testing.T) {
	for name, c := range map[string]struct {
		open  func(*visiting)
		takes int // of the flood, the most
	}{
		// The window, and what SSH takes ahead.
		"reads and draws nothing": {func(b *visiting) {
			s := b.dial("/ws", subprotocol)
			s.with(func() { s.acks, s.keeps = false, false })
			s.send(websocket.MessageText, resize)
		}, 4 << 20},
		"reads nothing": {func(b *visiting) { b.dialDeaf(subprotocol) }, 4 << 20},
		// And what the kernel buffers of both ends take (tcp(7)).
		"reads nothing, of no subprotocol": {func(b *visiting) { b.dialDeaf() }, 16 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			b := h.visit(ada)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			const pages = 5
			var printed atomic.Int64
			for range pages {
				c.open(b)
				term := h.gateway.next()
				var running sync.WaitGroup
				running.Go(func() {
					line := make([]byte, 32<<10)
					for {
						n, err := term.channel.Write(line)
						printed.Add(int64(n))
						if err != nil {
							return
						}
					}
				})
				t.Cleanup(func() { _ = term.channel.Close(); running.Wait() })
			}
			// The floods stand still once all that lies on their way is full.
			last := int64(-1)
			eventually(t, "the floods to stand still", func() bool {
				now := printed.Load()
				still := now == last && now > pages*window
				last = now
				time.Sleep(100 * time.Millisecond)
				return still
			})
			runtime.GC()
			runtime.ReadMemStats(&after)
			grown := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / pages
			t.Logf("printed %d bytes a page, the heap has grown by %d", last/pages, grown)
			if last > pages*int64(c.takes) || grown > 6<<20 {
				t.Errorf("a page takes %d bytes of the flood and %d of memory", last/pages, grown)
			}
		})
	}
}

// dialDeaf opens a WebSocket of which nothing is read. Where it is of the page, it
// says its size.
func (b *visiting) dialDeaf(protocols ...string) {
	b.t.Helper()
	conn, _, err := b.tryDial("/ws", protocols...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.CloseNow() })
	if conn.Subprotocol() == "" {
		return
	}
	if err := conn.Write(b.t.Context(), websocket.MessageText, resize); err != nil {
		b.t.Fatal(err)
	}
}

// TestWholeOutput: 50 MB come whole and in order, and Ctrl-C passes all of it.
func TestWholeOutput(t *testing.T) {
	h := newHouse(t)
	s, term := h.visit(ada).enter("/ws")
	s.with(func() { s.keeps = false })
	const size = 50 << 20
	began := time.Now()
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
		line := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
		for sent := 0; sent < size; sent += len(line) {
			if _, err := term.channel.Write(line); err != nil {
				t.Error(err)
				return
			}
		}
	})
	within(t, 300*time.Millisecond, "Ctrl-C in a flood", func() {
		s.types("\x03")
		term.reads("\x03")
	})
	running.Wait()
	term.ends("", 0)
	s.ends(websocket.StatusNormalClosure, false, "You have left.")
	if s.bytes != size {
		t.Errorf("%d bytes came of %d", s.bytes, size)
	}
	t.Logf("%.0f MB/s", size/1e6/time.Since(began).Seconds())
}

// TestOrder: the bytes come as they were printed.
func TestOrder(t *testing.T) {
	h := newHouse(t)
	s, term := h.visit(ada).enter("/ws")
	var want strings.Builder
	for i := range 200_000 {
		want.WriteString(string(rune('가' + i%5000)))
	}
	term.print(want.String())
	term.ends("", 0)
	s.ends(websocket.StatusNormalClosure, false, "You have left.")
	if string(s.output) != want.String() {
		t.Errorf("%d bytes came otherwise than the %d that were printed", len(s.output), want.Len())
	}
}

// TestPageThatStopsDrawing while its terminal has ended is left after a while,
// and not before it has drawn what it draws slowly.
func TestPageThatStopsDrawing(t *testing.T) {
	h := newHouse(t, func(_ *Options, p *pace) { p.draw = 300 * time.Millisecond })
	s := h.visit(ada).dial("/ws", subprotocol)
	s.with(func() { s.acks, s.keeps = false, false })
	s.say(map[string]any{"type": "resize", "cols": 80, "rows": 24})
	term := h.gateway.next()
	const size = 1 << 20
	term.print(strings.Repeat("x", size))
	term.ends("", 0)
	came := func() int64 { s.mu.Lock(); defer s.mu.Unlock(); return s.bytes }
	// It draws for longer than it might draw nothing.
	for drawn := int64(0); drawn < 600<<10; drawn += 60 << 10 {
		eventually(t, "what was drawn to come", func() bool { return came() >= drawn })
		s.say(map[string]any{"type": "ack", "bytes": drawn})
		time.Sleep(60 * time.Millisecond) // as slow a page does
	}
	if n := came(); n < 900<<10 {
		t.Errorf("only %d bytes came while the page was drawing", n)
	}
	s.ends(websocket.StatusNormalClosure, false, "You have left.")
}

// TestHiddenPage: browsers let a page that nobody looks at draw once a minute,
// which loses nothing of a terminal that has ended meanwhile. Its connection may
// be closed by then.
func TestHiddenPage(t *testing.T) {
	if everyday.draw < 75*time.Second {
		t.Errorf("a page may draw nothing for %v", everyday.draw)
	}
	h := newHouse(t)
	s := h.visit(ada).dial("/ws", subprotocol)
	s.with(func() { s.acks, s.keeps = false, false })
	s.send(websocket.MessageText, resize)
	term := h.gateway.next()
	const size = 2 * window
	term.print(strings.Repeat("x", size))
	term.ends("", 0)
	came := func() int64 { s.mu.Lock(); defer s.mu.Unlock(); return s.bytes }
	eventually(t, "the window to be full", func() bool { return came() >= window })
	eventually(t, "the terminal to end", term.hasEnded)
	h.gateway.hangUp()
	s.say(map[string]any{"type": "resize", "cols": 120, "rows": 50}) // somebody turns to it
	for range 2 {
		s.say(map[string]any{"type": "ping"})
		s.hears("pong")
	}
	s.with(func() { s.acks = true })
	s.say(map[string]any{"type": "ack", "bytes": came()})
	s.ends(websocket.StatusNormalClosure, false, "You have left.")
	if s.bytes != size {
		t.Errorf("%d bytes came of %d", s.bytes, size)
	}
}

// TestEndOfTheServerWaitsForNoDrawing of the rest of a terminal.
func TestEndOfTheServerWaitsForNoDrawing(t *testing.T) {
	h := newHouse(t)
	s := h.visit(ada).dial("/ws", subprotocol)
	s.with(func() { s.acks, s.keeps = false, false })
	s.send(websocket.MessageText, resize)
	term := h.gateway.next()
	term.print(strings.Repeat("x", 2*window))
	term.ends("", 0)
	eventually(t, "the terminal to end", term.hasEnded)
	within(t, 5*time.Second, "the end", func() {
		h.close()
		s.ends(websocket.StatusGoingAway, true, "restarting")
	})
	h.open("")
}
