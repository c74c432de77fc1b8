package proxy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// maxBody is the API's own limit.
	maxBody = 32 << 20
	// smallBody is what a request may have without asking for room: many times
	// what a tutor sends.
	smallBody = 1 << 20
	// maxLarge is what all bodies larger than that may take together.
	maxLarge = 4 * maxBody
	// maxShare is what those of one session may take of it.
	maxShare = maxBody + bytes.MinRead
	// roomLimit is how long a large one waits for room.
	roomLimit = 10 * time.Second
	// bodyLimit is how long a client may take to send a body.
	bodyLimit = time.Minute
)

// bodies reads those of requests, into buffers that are used again.
type bodies struct {
	pool  sync.Pool // of *bytes.Buffer up to smallBody
	large *semaphore.Weighted

	mu     sync.Mutex
	shares map[string]int64 // what each session has of large
}

func newBodies() *bodies {
	return &bodies{
		pool:  sync.Pool{New: func() any { return new(bytes.Buffer) }},
		large: semaphore.NewWeighted(maxLarge),

		shares: make(map[string]int64),
	}
}

// body is the bytes of one request. It belongs to the request's handler.
type body struct {
	bytes   []byte // nil once it is free
	release func()
}

// free gives the buffer back.
func (b *body) free() {
	if b.release != nil {
		b.release()
	}
	b.bytes, b.release = nil, nil
}

// read reads the whole body of a session's request. The caller frees it.
func (b *bodies) read(session string, r *http.Request) (*body, *refusal) {
	switch encoding := r.Header.Values("Content-Encoding"); {
	case len(encoding) > 1, len(encoding) == 1 && encoding[0] != "identity":
		return nil, &refusal{
			status: http.StatusUnsupportedMediaType, kind: "invalid_request_error",
			reason: badEncoding, message: "The body is encoded, and what is in it must be looked at: send it without Content-Encoding.",
		}
	// net/http takes a length beside chunks and hides that it was there, which
	// is how requests are smuggled (RFC 9112, section 6.3). So there are no
	// chunks; the clients of the API send none.
	case r.ContentLength < 0:
		return nil, &refusal{
			status: http.StatusLengthRequired, kind: "invalid_request_error",
			reason: noLength, message: "The request does not say how long its body is: send Content-Length and no chunks.",
		}
	case r.ContentLength > maxBody:
		return nil, &refusal{
			status: http.StatusRequestEntityTooLarge, kind: "request_too_large",
			reason: tooLarge, message: "The body is longer than 32 MiB: send less.",
		}
	}
	buffer, release, refused := b.room(r.Context(), session, r.ContentLength)
	if refused != nil {
		return nil, refused
	}
	read := &body{release: release}
	if _, err := buffer.ReadFrom(r.Body); err != nil { // which ends after Content-Length
		read.free()
		return nil, unread(err)
	}
	read.bytes = buffer.Bytes()
	return read, nil
}

// room finds a buffer for length bytes.
func (b *bodies) room(ctx context.Context, session string, length int64) (*bytes.Buffer, func(), *refusal) {
	// ReadFrom wants some bytes more in which to see the end.
	length += bytes.MinRead
	if length > smallBody {
		if !b.share(session, length) {
			return nil, nil, noRoomNow()
		}
		ctx, cancel := context.WithTimeout(ctx, roomLimit)
		defer cancel()
		if err := b.large.Acquire(ctx, length); err != nil {
			b.unshare(session, length)
			return nil, nil, noRoomNow()
		}
		return bytes.NewBuffer(make([]byte, 0, length)), func() { b.large.Release(length); b.unshare(session, length) }, nil
	}
	buffer, _ := b.pool.Get().(*bytes.Buffer)
	buffer.Reset()
	buffer.Grow(int(length))
	return buffer, func() { b.pool.Put(buffer) }, nil
}

// share counts what a session is to have of the room, unless that would leave
// too little for others.
func (b *bodies) share(session string, length int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shares[session]+length > maxShare {
		return false
	}
	b.shares[session] += length
	return true
}

func (b *bodies) unshare(session string, length int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shares[session] -= length; b.shares[session] == 0 {
		delete(b.shares, session)
	}
}

func noRoomNow() *refusal {
	return &refusal{
		status: 529, kind: "overloaded_error", reason: noRoom,
		message: "The lab has no room for a request of this size now: try again in a moment.", retryAfter: roomLimit,
	}
}

func unread(err error) *refusal {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &refusal{
			status: http.StatusRequestTimeout, kind: "invalid_request_error",
			reason: cutBody, message: "The body did not come within a minute: send it again.",
		}
	}
	return invalid(cutBody, "The body ended too early: send it again.")
}
