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
	// told is a line for the window's title, guarded by the holder's mutex; news
	// holds a token where the title may have to change.
	told string
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
		if err := t.picture(*t.first); err != nil {
			return err
		}
		t.first = nil
	}
	for {
		news := t.news
		if !t.settled {
			news = nil
		}
		select {
		case p := <-t.queue:
			if err := t.give(h, p); err != nil {
				return err
			}
		case <-news:
			if err := t.data([]byte(h.entitled(t))); err != nil {
				return err
			}
		case <-t.gone:
			return nil
		case <-t.taken:
			return errors.Join(t.untitle(), t.last(frameTakenOver, nil))
		case <-h.parted:
			return errors.Join(t.rest(h), t.last(frameExit, h.stopping))
		case <-h.ended:
			return errors.Join(t.rest(h), t.last(frameExit, h.exit))
		}
	}
}

// rest sends what is queued, at the end.
func (t *terminal) rest(h *holder) error {
	for {
		select {
		case p := <-t.queue:
			if err := t.give(h, p); err != nil {
				return err
			}
			continue
		default:
		}
		break
	}
	if t.settled {
		select {
		case <-t.news:
			if err := t.data([]byte(h.entitled(t))); err != nil {
				return err
			}
		default:
		}
	}
	return t.untitle()
}

// give sends p, and with it what waits behind it: a program's output comes in
// pieces of 4 KiB, and each frame costs calls of the system on its whole way.
func (t *terminal) give(h *holder, p piece) error {
	var data []byte
	for waiting := true; waiting; {
		if p.resizes() {
			if err := errors.Join(t.data(data), t.sized(p.size)); err != nil {
				return err
			}
			data = nil
		} else {
			data = append(data[:len(data):len(data)], p.data...) // others are given p too
			t.note(p)
		}
		if len(data) >= maxFrame/2 {
			break
		}
		select {
		case p = <-t.queue:
		default:
			waiting = false
		}
	}
	if err := t.data(data); err != nil {
		return err
	}
	return h.catchUp(t)
}

// note keeps of a piece that was given what matters to the window's title.
func (t *terminal) note(p piece) {
	t.settled = p.settled
	if p.titled {
		t.caption.text = line(p.title)
		if t.caption.ours {
			signal(t.news)
		}
	}
}

// picture gives a whole screen; a watcher learns its size first.
func (t *terminal) picture(p picture) error {
	limit := drawLimit
	if t.watcher != "" {
		if err := t.sized(p.size); err != nil {
			return err
		}
		limit = watchersDrawLimit
	}
	return t.data(p.bytes(limit))
}

// untitle takes out of the title who watches, where no more of the output comes.
func (t *terminal) untitle() error {
	if t.caption.watched == "" || !t.settled {
		return nil
	}
	t.caption.watched = ""
	return t.data([]byte(t.caption.sequence()))
}

func (t *terminal) data(data []byte) error {
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

func (t *terminal) sized(size sandbox.Size) error {
	_ = t.conn.SetWriteDeadline(time.Now().Add(stallLimit))
	return writeFrame(t.conn, frameResize, encodeSize(size))
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
	h.primary = t
	h.setSize(size)
	h.epoch++
	t.epoch = h.epoch
	h.detachedAt, h.lastInput = time.Time{}, time.Now()
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
	if h.lastInput.Sub(h.toldInput) > inputNews {
		h.toldInput = h.lastInput
		h.moved()
	}
	return true
}
