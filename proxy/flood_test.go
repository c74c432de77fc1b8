package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"lectern/proxy/token"
)

// dial connects from an address of loopback.
func (l *lab) dial(from string) net.Conn {
	l.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(l.t.Context(), "tcp", l.address)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// dialSocket connects to a Unix socket.
func (l *lab) dialSocket(path string) net.Conn {
	l.t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// exchange sends a request and gives the status of the answer, 0 where the
// connection is closed instead.
func exchange(t *testing.T, conn net.Conn, answers *bufio.Reader, bearer string) int {
	t.Helper()
	if _, err := io.WriteString(conn, rawRequest{body: okBody}.text(bearer)); err != nil {
		return 0
	}
	res, err := http.ReadResponse(answers, nil)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

// A sandbox that opens one connection after the other takes the descriptors of a
// process that others need, which with the local backend is the gateway itself.
func TestConnectionsOfOneAddressAreBounded(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Concurrency = 4 })
	path := t.TempDir() + "/proxy.sock"
	socket, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.serve(socket)
	for address, dial := range map[string]func() net.Conn{
		"127.0.0.2":    func() net.Conn { return l.dial("127.0.0.2") },
		"unix:" + path: func() net.Conn { return l.dialSocket(path) },
	} {
		var held []net.Conn
		for range 2 * minConnections {
			held = append(held, dial())
		}
		// Whoever comes when there is no room is closed, and has an end to read.
		for i, conn := range held[minConnections:] {
			if _, err := conn.Read(make([]byte, 1)); err == nil || isTimeout(err) {
				t.Errorf("%s: connection %d is open: %v", address, minConnections+i+1, err)
			}
		}
		for i, conn := range held[:minConnections] {
			_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := conn.Read(make([]byte, 1)); !isTimeout(err) {
				t.Errorf("%s: connection %d is closed: %v", address, i+1, err)
			}
		}
		other := l.dial("127.0.0.3")
		bearer := l.token(func(c *token.Claims) { c.Address = "127.0.0.3" })
		if status := exchange(t, other, bufio.NewReader(other), bearer); status != http.StatusOK {
			t.Errorf("another address than %s gets %d", address, status)
		}
		// What is closed makes room again.
		for _, conn := range held {
			_ = conn.Close()
		}
		bearer = l.token(func(c *token.Claims) { c.Address = address })
		for deadline := time.Now().Add(10 * time.Second); ; {
			again := dial()
			if exchange(t, again, bufio.NewReader(again), bearer) == http.StatusOK {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("there is no room for %s any more", address)
			}
		}
	}
}

func isTimeout(err error) bool {
	network, ok := err.(net.Error)
	return ok && network.Timeout()
}

// A sandbox that asks without end, and with nothing that could be let in, fills no
// log.
func TestRefusalsOfOneAddressAreBounded(t *testing.T) {
	l := newLab(t, func(o *Options) { o.RequestsPerMinute = 30 })
	conn := l.dial("127.0.0.2")
	answers := bufio.NewReader(conn)
	const asked = 400
	last := 0
	for range asked {
		last = exchange(t, conn, answers, "no-token")
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the last answer is %d", last)
	}
	if lines := strings.Count(l.log.String(), "level=INFO"); lines > asked/2 {
		t.Errorf("%d refusals make %d lines", asked, lines)
	}
	other := l.dial("127.0.0.3")
	bearer := l.token(func(c *token.Claims) { c.Address = "127.0.0.3" })
	if status := exchange(t, other, bufio.NewReader(other), bearer); status != http.StatusOK {
		t.Errorf("another address gets %d", status)
	}
}
