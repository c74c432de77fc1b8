package hold

import (
	"bytes"
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
	queue chan piece // output on its way
	taken chan struct{}
	gone  chan struct{}
	once  sync.Once
	// epoch is what the holder's was when this one joined; 0 for a watcher.
	epoch int
	// first is drawn before any output; nil where there was none.
	first *picture
	// watcher is the name of one who only looks.
	watcher string
	// behind is set while a watcher misses output; see catchUp.
	behind atomic.Bool
	// news holds a token where the window's title may have to change.
	news chan struct{}
	// settled is the last piece's, and caption what stands in the title. Both
	// belong to the goroutine that writes.
	settled bool
	caption caption
}

// queueLength bounds what waits for one terminal: 64 reads of the tutor's
// output, 2 MiB at most.
const queueLength = 64

func newTerminal(conn net.Conn) *terminal {
	return &terminal{
		conn:  conn,
		queue: make(chan piece, queueLength),
		taken: make(chan struct{}),
		gone:  make(chan struct{}),
		news:  make(chan struct{}, 1),
		// Nothing of a sequence is there before the first output.
		settled: true,
	}
}

// offer queues p if there is room.
func (t *terminal) offer(p piece) bool {
	select {
	case t.queue <- p:
		return true
	default:
		return false
	}
}

// send queues p and waits for room up to limit.
func (t *terminal) send(p piece, limit time.Duration) bool {
	if t.offer(p) {
		return true
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	select {
	case t.queue <- p:
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

// join makes t the terminal that types and is drawn for. As long as somebody is
// there, it refuses one that goes on from an older epoch than the newest: who has
// lost its way and looks for it must not take the terminal from who came after it.
func (h *holder) join(t *terminal, size sandbox.Size, hello Hello) (ok bool) {
	h.mu.Lock()
	if h.exit != nil || h.stopping != nil { // it hears of the end, and no more
		h.mu.Unlock()
		return true
	}
	if h.primary != nil && !h.lineages.yield(hello.Epoch, hello.Returning) {
		h.mu.Unlock()
		return false
	}
	old, same := h.primary, h.size == size
	h.primary = t
	h.setSize(size)
	h.epoch++
	t.epoch = h.epoch
	h.lineages.add(hello.Epoch)
	h.detachedAt, h.lastInput = time.Time{}, time.Now()
	h.untold.joined()
	h.moved()
	rejoin := h.epoch > 1
	if rejoin {
		now := h.screen.picture(size)
		t.first, t.caption.text = &now, line(h.screen.title)
	}
	if len(h.watchers) > 0 && !h.opts.OwnNotices {
		signal(t.news)
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
	h.bring()
	return true
}

func (h *holder) leave(t *terminal) {
	h.mu.Lock()
	defer h.mu.Unlock()
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

// inputNews is how often overseers hear without asking that the learner types.
const inputNews = 10 * time.Second

func (h *holder) typed(t *terminal) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.primary != t {
		return false
	}
	h.lastInput = time.Now()
	h.untold.typed()
	if h.lastInput.Sub(h.toldInput) > inputNews {
		h.toldInput = h.lastInput
		h.moved()
	}
	return true
}
