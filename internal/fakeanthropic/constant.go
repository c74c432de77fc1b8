package fakeanthropic

import (
	"bytes"
	"io"
	"net/http"
)

// Constant is an API for benchmarks: it gives the same answer to whoever has the
// key, and does so little for it that what stands before it can be measured.
func Constant(key, model string, step Step) http.Handler {
	said := compose(model, step)
	pieces := said.pieces(step)
	whole := []byte(marshal(said))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bytes.NewBuffer(make([]byte, 0, max(r.ContentLength, 0)+bytes.MinRead))
		_, err := body.ReadFrom(io.LimitReader(r.Body, maxBody))
		if err != nil || r.Header.Get("X-Api-Key") != key {
			fail(w, Unknown)
			return
		}
		if bytes.Contains(body.Bytes(), []byte(`"stream":true`)) {
			send(w, r, pieces, nil)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(whole) // a client that left reads nothing
	})
}
