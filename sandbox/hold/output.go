package hold

import (
	"bytes"

	"lectern/sandbox"
)

// piece is a part of what a terminal is given, in its order.
type piece struct {
	data []byte
	// settled tells that the output stands between two sequences behind it, so that
	// something may be put in without breaking one apart.
	settled bool
	// titled is set where the program sets its title in it; title is the last one.
	titled bool
	title  string
	// size is there instead of data where what follows is drawn for another size.
	size sandbox.Size
}

func (p piece) resizes() bool { return p.size != sandbox.Size{} }

// pump takes the tutor's output to everybody who has joined. A slow terminal
// slows the tutor down, up to stallLimit; a slow watcher misses some output.
func (h *holder) pump() {
	buf := make([]byte, 32<<10)
	for {
		n, err := h.tutor.read(buf)
		if n > 0 {
			h.output(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

func (h *holder) output(data []byte) {
	h.mu.Lock()
	titles := h.screen.titles
	_, _ = h.screen.Write(data)
	p := piece{
		data: bytes.Clone(data), settled: h.screen.settled(),
		titled: h.screen.titles != titles, title: h.screen.title,
	}
	primary := h.primary
	h.show(p)
	h.mu.Unlock()
	select {
	case h.drawn <- struct{}{}:
	default:
	}
	if primary != nil && !primary.send(p, stallLimit) {
		h.opts.Log.Warn("dropped a terminal that took no output", "for", stallLimit)
		h.leave(primary)
		primary.drop()
	}
}
