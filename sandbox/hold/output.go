package hold

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

func (h *holder) output(p []byte) {
	h.mu.Lock()
	_, _ = h.screen.Write(p)
	data := append([]byte(nil), p...)
	if h.notice != "" && h.screen.settled() {
		data = append(data, h.notice...)
		h.notice = ""
	}
	primary := h.primary
	for w := range h.watchers {
		if !w.behind.Load() && !w.offer(data) {
			w.behind.Store(true)
		}
	}
	h.mu.Unlock()
	select {
	case h.drawn <- struct{}{}:
	default:
	}
	if primary != nil && !primary.send(data, stallLimit) {
		h.opts.Log.Warn("dropped a terminal that took no output", "for", stallLimit)
		h.leave(primary)
		primary.drop()
	}
}
