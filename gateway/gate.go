package gateway

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// gate stands between one SSH channel and those who take turns in reading what
// the learner types: the picker, then the sandbox, then the picker again. One
// goroutine reads the channel; a reader that loses its turn gets io.EOF and not
// one byte is lost with it, which no reader of the channel itself could promise.
type gate struct {
	mu      sync.Mutex
	changed sync.Cond // on mu: bytes came, were taken, or a turn or the input ended
	buf     []byte
	err     error // why no more bytes come
	turn    *turn // who may read now
}

// gateSize bounds what waits to be read. A full gate stops reading, and the
// channel's window (RFC 4254 section 5.2) then stops the client.
const gateSize = 64 << 10

func newGate() *gate {
	g := &gate{}
	g.changed.L = &g.mu
	return g
}

// fill reads from r until it ends. It is the gate's only reader and runs in a
// goroutine of the session.
func (g *gate) fill(r io.Reader) {
	buf := make([]byte, 8<<10)
	for {
		n, err := r.Read(buf)
		g.mu.Lock()
		for n > 0 && g.err == nil && len(g.buf)+n > gateSize {
			g.changed.Wait()
		}
		g.buf = append(g.buf, buf[:n]...)
		if err != nil && g.err == nil {
			g.err = err
		}
		stop := g.err != nil
		g.changed.Broadcast()
		g.mu.Unlock()
		if stop {
			return
		}
	}
}

// close ends the input for good, also for a fill that waits for room.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.err = io.EOF
	}
	g.changed.Broadcast()
}

// ended tells whether no more bytes come and all are read.
func (g *gate) ended() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err != nil && len(g.buf) == 0
}

// open gives the turn to a new reader; the one before gets io.EOF.
func (g *gate) open() *turn {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn = &turn{gate: g}
	g.changed.Broadcast()
	return g.turn
}

// turn is one reader's time at the gate.
type turn struct{ gate *gate }

// Read waits for bytes. It returns io.EOF once the turn is over, and the
// channel's own error once the channel has ended and all is read.
func (t *turn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	g := t.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.turn == t && len(g.buf) == 0 && g.err == nil {
		g.changed.Wait()
	}
	switch {
	case g.turn != t:
		return 0, io.EOF
	case len(g.buf) > 0:
		n := copy(p, g.buf)
		g.buf = append(g.buf[:0], g.buf[n:]...)
		g.changed.Broadcast()
		return n, nil
	case errors.Is(g.err, io.EOF):
		return 0, io.EOF
	}
	return 0, g.err
}

// interrupt is what Ctrl-C sends from a terminal in raw mode (ETX).
const interrupt = 0x03

// interrupted waits, and takes nothing from the next reader, until the learner
// has typed Ctrl-C or the input has ended. It is false where the turn ended
// before.
func (t *turn) interrupted() bool {
	g := t.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.turn == t && g.err == nil && bytes.IndexByte(g.buf, interrupt) < 0 {
		g.changed.Wait()
	}
	return g.turn == t
}

// Close ends the turn. Bytes that wait stay for the next reader.
func (t *turn) Close() error {
	g := t.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.turn == t {
		g.turn = nil
		g.changed.Broadcast()
	}
	return nil
}
