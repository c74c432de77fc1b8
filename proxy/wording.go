package proxy

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// wording is a listener on whose connections what net/http says of requests
// that are no HTTP takes the API's shape: it is said before any handler is
// called, and net/http has no other way to change it.
type wording struct{ net.Listener }

func (l wording) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return worded{conn}, nil
}

// worded is one of its connections.
type worded struct{ net.Conn }

// CloseWrite is what net/http looks for, so that a client that still sends can
// read its answer.
func (c worded) CloseWrite() error { return closeWrite(c.Conn) }

func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

var (
	// ofServer ends the header of net/http's own errors. Each is one write, and
	// no handler of ours writes such a header.
	ofServer = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")
	protocol = []byte("HTTP/1.1 ")
	// expectation is how its answer to a strange Expect begins.
	expectation = []byte("HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n")
)

// maxWords is more than any of net/http's own errors has.
const maxWords = 512

func (c worded) Write(p []byte) (int, error) {
	if len(p) > maxWords || !bytes.HasPrefix(p, protocol) {
		return c.Conn.Write(p)
	}
	line, _, found := bytes.Cut(p, ofServer)
	if !found || bytes.Contains(line, []byte("\r\n")) {
		if !bytes.HasPrefix(p, expectation) {
			return c.Conn.Write(p)
		}
		line = expectation[:bytes.IndexByte(expectation, '\r')]
	}
	code, _, _ := strings.Cut(string(line[len(protocol):]), " ")
	status, err := strconv.Atoi(code)
	if err != nil {
		return c.Conn.Write(p)
	}
	text := errorText("invalid_request_error", "The request is no HTTP that can be taken: "+http.StatusText(status)+".", "")
	if _, err := fmt.Fprintf(c.Conn, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(text), text); err != nil {
		return 0, err
	}
	return len(p), nil
}
