package hold

// ring keeps the newest bytes of an endless output, bounded in size.
type ring struct {
	buf   []byte
	start int   // where the oldest byte is
	total int64 // bytes ever written
}

func newRing(size int) *ring { return &ring{buf: make([]byte, 0, size)} }

// Write keeps p's newest bytes and forgets as many old ones. It never fails.
func (r *ring) Write(p []byte) (int, error) {
	n := len(p)
	r.total += int64(n)
	size := cap(r.buf)
	if n >= size {
		r.buf = append(r.buf[:0], p[n-size:]...)
		r.start = 0
		return n, nil
	}
	if room := size - len(r.buf); room > 0 {
		k := min(room, len(p))
		r.buf = append(r.buf, p[:k]...)
		p = p[k:]
	}
	for len(p) > 0 {
		k := copy(r.buf[r.start:], p)
		r.start = (r.start + k) % size
		p = p[k:]
	}
	return n, nil
}

// oldest is the position in the whole output of the first byte still kept.
func (r *ring) oldest() int64 { return r.total - int64(len(r.buf)) }

// bytes returns a copy of what is kept, oldest first.
func (r *ring) bytes() []byte {
	out := make([]byte, 0, len(r.buf))
	out = append(out, r.buf[r.start:]...)
	return append(out, r.buf[:r.start]...)
}
