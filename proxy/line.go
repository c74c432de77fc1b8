package proxy

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// alone is what is written before anything is read. A longer body could fill
	// all buffers on the way to an upstream that has already refused it.
	alone = 128 << 10
	// sendLimit is how long that may take.
	sendLimit = 30 * time.Second
	// refusedLimit is how long the answer of an upstream that has closed a request
	// unread may take.
	refusedLimit = 2 * time.Second
	// maxEarly is how many answers of 1xx may come before the one that counts.
	maxEarly = 5
)

// question is what the upstream is asked.
type question struct {
	target *url.URL
	header http.Header
	body   []byte
	// sent is called if all of body is sent when the answer begins.
	sent func()
}

// line is a connection to the upstream. It belongs to one goroutine at a time.
type line struct {
	api   *api
	raw   *gathered // the socket
	conn  net.Conn  // what is spoken over: raw, or TLS on it
	in    *bufio.Reader
	head  bytes.Buffer
	since time.Time // when it began to wait

	// These are of the request that is being answered.

	room    int64      // how many bytes more may come before the header is over; <0: any
	written chan error // nil where all is written
	unhook  func() bool
	aborted chan struct{} // closed once the end of the context has closed raw
}

func newLine(a *api, raw *gathered, conn net.Conn) *line {
	l := &line{api: a, raw: raw, conn: conn, aborted: make(chan struct{})}
	l.in = bufio.NewReaderSize(l, 16<<10)
	return l
}

func (l *line) close() { _ = l.raw.Close() }

// Read is what in reads from.
func (l *line) Read(p []byte) (int, error) {
	if l.room == 0 {
		return 0, errLongHeader
	}
	if l.room > 0 {
		p = p[:min(int64(len(p)), l.room)]
	}
	n, err := l.conn.Read(p)
	if l.room > 0 {
		l.room -= int64(n)
	}
	return n, err
}

var (
	errLongHeader = errors.New("the header of the answer is longer than 64 KiB")
	errNoAnswer   = errors.New("the upstream has closed the connection without an answer")
)

// quiet tells whether a connection can be used again: it is open, and nothing
// came that nobody has asked for, which would be taken for the next answer.
func (l *line) quiet() bool {
	below, ok := l.raw.Conn.(*socket)
	if !ok || !below.silent() {
		return false
	}
	if l.conn == net.Conn(l.raw) {
		return true
	}
	// TLS may have taken more from the socket than it has given on.
	_ = l.conn.SetReadDeadline(longAgo)
	_, err := l.conn.Read(make([]byte, 1))
	return timedOut(err)
}

var longAgo = time.Unix(1, 0)

// ask sends a request and reads the header of the answer. The end of ctx closes
// the connection, whoever waits for it.
func (l *line) ask(ctx context.Context, r question) (*http.Response, error) {
	l.room = maxHeader
	l.unhook = context.AfterFunc(ctx, func() {
		l.close()
		close(l.aborted)
	})
	res, err := l.exchange(r)
	if err != nil {
		l.end(false)
		return nil, err
	}
	if l.written == nil {
		r.sent()
	}
	res.Body = &answerBody{line: l, from: res.Body, last: res.Close || res.StatusCode == http.StatusSwitchingProtocols}
	return res, nil
}

func (l *line) exchange(r question) (*http.Response, error) {
	l.writeHead(r)
	now := time.Now()
	_ = l.conn.SetDeadline(now.Add(firstLimit))
	var unsent error
	if len(r.body) > alone {
		l.written = make(chan error, 1)
		go func() { l.written <- l.send(r.body) }() // end waits for it
	} else {
		_ = l.conn.SetWriteDeadline(now.Add(sendLimit))
		if unsent = l.send(r.body); unsent != nil {
			// An upstream that refuses a request may do so before it has all.
			_ = l.conn.SetReadDeadline(time.Now().Add(refusedLimit))
		}
	}
	res, err := l.readHead()
	if err != nil {
		return nil, errors.Join(unsent, err)
	}
	if unsent != nil {
		res.Close = true
	}
	select {
	case err := <-l.written:
		l.written, res.Close = nil, res.Close || err != nil
	default:
	}
	return res, nil
}

// writeHead makes the header of a request. What is in it can end no line: the
// server has parsed the client's, and the key is one word.
func (l *line) writeHead(r question) {
	h := &l.head
	h.Reset()
	h.WriteString("POST " + r.target.RequestURI() + " HTTP/1.1\r\nHost: " + r.target.Host + "\r\n")
	for name, values := range r.header {
		for _, value := range values {
			h.WriteString(name)
			h.WriteString(": ")
			h.WriteString(value)
			h.WriteString("\r\n")
		}
	}
	h.WriteString("Content-Length: ")
	h.Write(strconv.AppendInt(h.AvailableBuffer(), int64(len(r.body)), 10))
	h.WriteString("\r\n\r\n")
}

// send writes head and body, in one go where that is not long. One that is may be
// answered while it is sent.
func (l *line) send(body []byte) error {
	if len(body) <= alone {
		l.raw.gather()
		defer l.raw.drop()
	}
	for _, part := range [][]byte{l.head.Bytes(), body} {
		if _, err := l.conn.Write(part); err != nil {
			return err
		}
	}
	if len(body) <= alone {
		return l.raw.flush()
	}
	return nil
}

func (l *line) readHead() (*http.Response, error) {
	for range maxEarly + 1 {
		switch _, err := l.in.Peek(1); {
		case err == io.EOF:
			return nil, errNoAnswer
		case err != nil:
			return nil, err
		}
		res, err := http.ReadResponse(l.in, asPost)
		if err != nil {
			return nil, err
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			l.room = -1
			return res, nil
		}
	}
	return nil, errors.New("the upstream sends one preliminary answer after another")
}

var asPost = &http.Request{Method: http.MethodPost}

// end is called once for each request. whole says that all of the answer was
// read and that the upstream keeps the connection, so that it can be used again.
func (l *line) end(whole bool) {
	if !l.unhook() {
		<-l.aborted
		whole = false
	}
	if l.written != nil {
		select {
		case err := <-l.written:
			whole = whole && err == nil
		default: // the answer came before all was sent
			whole = false
			l.close() // or it could be sent for ever
			<-l.written
		}
		l.written = nil
	}
	if whole && l.in.Buffered() == 0 {
		l.api.keep(l)
	} else {
		l.close()
	}
}

// answerBody is the body of an answer. It belongs to one goroutine.
type answerBody struct {
	line  *line
	from  io.Reader
	last  bool // the connection cannot be used again
	ended bool
}

func (b *answerBody) Read(p []byte) (int, error) {
	if b.ended {
		return 0, io.EOF
	}
	if b.line.in.Buffered() == 0 {
		_ = b.line.conn.SetReadDeadline(time.Now().Add(silence))
	}
	n, err := b.from.Read(p)
	switch {
	case err == io.EOF:
		b.end(!b.last)
	case timedOut(err):
		err = errSilent
	}
	return n, err
}

// Close ends the answer. What has not been read of it never will be.
func (b *answerBody) Close() error {
	if !b.ended {
		b.end(false)
	}
	return nil
}

func (b *answerBody) end(whole bool) {
	b.ended = true
	b.line.end(whole)
}
