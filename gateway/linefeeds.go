package gateway

import (
	"bytes"
	"io"
)

// lineFeeds turns each bare LF into CR LF, as a terminal driver would. Bubble
// Tea counts on one when its input is no terminal; the raw output of a sandbox
// must never come through here.
type lineFeeds struct{ w io.Writer }

func (l lineFeeds) Write(p []byte) (int, error) {
	if bytes.IndexByte(p, '\n') < 0 {
		return l.w.Write(p)
	}
	out := make([]byte, 0, len(p)+16)
	for i, b := range p {
		if b == '\n' && (i == 0 || p[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	if _, err := l.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}
