package hold

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"lectern/sandbox"
)

// terminal is one joined connection: the one that types, or a watcher.
type terminal struct {
	conn  net.Conn
	queue chan []byte // output on its way
	taken chan struct{}
	gone  chan struct{}
	once  sync.Once
	// epoch is what the holder's was when this one joined; 0 for a watcher.
	epoch int
	// first is drawn before any output; nil where there was none.
	first *picture
	// behind is set while a watcher misses output; see catchUp.
	behind atomic.Bool
}

// queueLength bounds what waits for one terminal: 64 reads of the tutor's
// output, 2 MiB at most.
const queueLength = 64

func newTerminal(conn net.Conn) *terminal {
	return &terminal{
		conn:  conn,
		queue: make(chan []byte, queueLength),
		taken: make(chan struct{}),
		gone:  make(chan struct{}),
	}
}

// offer queues data if there is room.
func (t *terminal) offer(data []byte) bool {
	select {
	case t.queue <- data:
		return true
	default:
		return false
	}
}

// send queues data and waits for room up to limit.
func (t *terminal) send(data []byte, limit time.Duration) bool {
	if t.offer(data) {
		return true
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	select {
	case t.queue <- data:
		return true
	case <-t.gone:
		return true // it has left by itself
	case <-t.taken:
		return true
	case <-timeout.C:
		return false
	}
}

func (t *terminal) drop() { t.once.Do(func() { close(t.gone) }) }

// write sends what is queued until the terminal leaves, loses its place or the
// sandbox ends.
func (t *terminal) write(h *holder) error {
	if t.epoch > 0 {
		_ = t.conn.SetWriteDeadline(time.Now().Add(stallLimit))
		if err := writeFrame(t.conn, frameJoined, binary.BigEndian.AppendUint64(nil, uint64(t.epoch))); err != nil {
			return err
		}
	}
	if t.first != nil {
		if err := t.frames(t.first.bytes(drawLimit)); err != nil {
			return err
		}
		t.first = nil
	}
	for {
		select {
		case data := <-t.queue:
			if err := t.frames(data); err != nil {
				return err
			}
			if err := h.catchUp(t); err != nil {
				return err
			}
		case <-t.gone:
			return nil
		case <-t.taken:
			return t.last(frameTakenOver, nil)
		case <-h.ended:
			for {
				select {
				case data := <-t.queue:
					if err := t.frames(data); err != nil {
						return err
					}
					if err := h.catchUp(t); err != nil {
						return err
					}
					continue
				default:
				}
				break
			}
			return t.last(frameExit, h.exit)
		}
	}
}

// frames sends data, and with it what waits behind it: a program's output comes
// in pieces of 4 KiB, and each frame costs calls of the system on its whole way.
func (t *terminal) frames(data []byte) error {
	for waiting := true; waiting && len(data) < maxFrame/2; {
		select {
		case more := <-t.queue:
			data = append(data[:len(data):len(data)], more...) // others send data too
		default:
			waiting = false
		}
	}
	for len(data) > 0 {
		n := min(len(data), maxFrame)
		_ = t.conn.SetWriteDeadline(time.Now().Add(stallLimit))
		if err := writeFrame(t.conn, frameData, data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

func (t *terminal) last(kind frameType, v any) error {
	_ = t.conn.SetWriteDeadline(time.Now().Add(stallLimit))
	return writeJSON(t.conn, kind, v)
}

// join makes t the terminal that types and is drawn for. It refuses one that
// goes on from an older epoch than the newest: who has lost its way and looks
// for it must not take the terminal from who came after it.
func (h *holder) join(t *terminal, size sandbox.Size, from int) (ok bool) {
	h.mu.Lock()
	if h.exit != nil || h.stopping != nil { // it hears of the end, and no more
		h.mu.Unlock()
		return true
	}
	if from != 0 && from != h.epoch {
		h.mu.Unlock()
		return false
	}
	old, same := h.primary, h.size == size
	h.primary, h.size = t, size
	h.epoch++
	t.epoch = h.epoch
	h.detachedAt, h.lastInput = time.Time{}, time.Now()
	h.moved()
	rejoin := h.epoch > 1
	if rejoin {
		now := h.screen.picture(size)
		t.first = &now
	}
	h.mu.Unlock()
	if old != nil {
		close(old.taken)
	}
	switch {
	case !rejoin:
		h.begin()
	case same:
		h.nudge()
	default:
		h.fit()
	}
	return true
}

func (h *holder) watch(t *terminal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.screen.picture(h.size)
	t.first = &now
	h.watchers[t] = struct{}{}
}

// catchUp gives a watcher that has missed output a fresh picture, once it has
// taken all that waited: a picture costs much, and one that takes nothing needs
// none.
func (h *holder) catchUp(t *terminal) error {
	if !t.behind.Load() || len(t.queue) > 0 {
		return nil
	}
	h.mu.Lock()
	now := h.screen.picture(h.size)
	t.behind.Store(false) // what comes from here on is queued behind it
	h.mu.Unlock()
	return t.frames(now.bytes(drawLimit))
}

func (h *holder) leave(t *terminal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, t)
	if h.primary == t {
		h.primary, h.detachedAt = nil, time.Now()
		h.moved()
	}
}

// readTerminal takes what t types, unless it only watches or has been taken
// over: then it may talk, and nobody listens.
func (h *holder) readTerminal(t *terminal) error {
	var buf []byte
	for {
		kind, payload, err := readFrame(t.conn, &buf)
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		switch kind {
		case frameData:
			if h.typed(t) {
				h.tutor.typed(bytes.Clone(payload), t.taken)
			}
		case frameResize:
			size, err := decodeSize(payload)
			if err != nil {
				return err
			}
			if h.resized(t, size) {
				h.fit()
			}
		default:
			return errors.New("a terminal sent a frame of unknown type")
		}
	}
}

func (h *holder) typed(t *terminal) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.primary != t {
		return false
	}
	h.lastInput = time.Now()
	return true
}
