package hold

import (
	"errors"
	"time"

	"lectern/sandbox"
)

// What a terminal is sent, all of it by one goroutine.

// write sends what is queued until the terminal leaves, loses its place or the
// sandbox ends.
func (t *terminal) write(h *holder) error {
	defer t.caption.close()
	if t.epoch > 0 {
		_ = t.conn.SetWriteDeadline(time.Now().Add(stallLimit))
		if err := writeFrame(t.conn, frameJoined, encodeEpoch(t.epoch)); err != nil {
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

// rest sends what is queued, at the end. There may come ever more where the tutor
// does not leave.
func (t *terminal) rest(h *holder) error {
	for range queueLength {
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
	if p.titled && t.caption.retitled(p.title) {
		signal(t.news)
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
	if !t.settled {
		return nil
	}
	return t.data([]byte(t.caption.untitled()))
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
