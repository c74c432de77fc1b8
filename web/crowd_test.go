package web

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// connect opens a connection and says nothing on it.
func (h *house) connect(from string) net.Conn {
	h.t.Helper()
	dialer := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(h.t.Context(), "tcp", h.http.Listener.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// answered tells whether a connection is, and not closed at once.
func (h *house) answered(conn net.Conn) bool {
	h.t.Helper()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
	head := make([]byte, len("HTTP/1.1 200"))
	if err == nil {
		_, err = io.ReadFull(conn, head)
	}
	switch {
	case err == nil && string(head) == "HTTP/1.1 200":
		return true
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return false
	}
	h.t.Fatalf("a connection is answered with %q, %v", head, err)
	return false
}

// connections is how many are counted in.
func (h *house) connections() int {
	h.server.crowd.mu.Lock()
	defer h.server.crowd.mu.Unlock()
	return h.server.crowd.all
}

// TestTooManyConnections of an address and of all, none of which asks for
// anything.
func TestTooManyConnections(t *testing.T) {
	h := newHouse(t, func(o *Options, _ *pace) { o.Descriptors = 20 }) // 10 connections, 8 of an address
	var first net.Conn
	for range 8 {
		conn := h.connect("127.0.0.1")
		if first == nil {
			first = conn
		}
	}
	if h.answered(h.connect("127.0.0.1")) {
		t.Error("one address has a ninth")
	}
	other := h.connect("127.0.0.2")
	h.connect("127.0.0.3")
	if h.answered(h.connect("127.0.0.4")) {
		t.Error("there is an eleventh")
	}
	if !h.answered(other) || !h.answered(first) {
		t.Error("one that was let in is not answered")
	}
	for bound, want := range map[string]float64{ofAddress: 1, ofAll: 1} {
		if n := testutil.ToFloat64(h.server.metrics.turnedAway.WithLabelValues(bound)); n != want {
			t.Errorf("%v are counted as too many of %s", n, bound)
		}
	}
	if n := strings.Count(h.log.String(), "turned a connection to the page away"); n != 1 {
		t.Errorf("the log says so %d times: %s", n, h.log.String())
	}
	_ = other.Close()
	_ = first.Close()
	eventually(t, "room for others", func() bool { return h.answered(h.connect("127.0.0.1")) })
}

// TestFullerPageKeepsNoConnection for another request, so that whoever asks for
// little and often does not shut others out. WebSockets open all the same.
func TestFullerPageKeepsNoConnection(t *testing.T) {
	h := newHouse(t, func(o *Options, _ *pace) { o.Descriptors = 24 }) // 12 connections, 9 of an address
	b := h.visit(ada)
	var open []net.Conn
	kept := func(conn net.Conn) bool {
		t.Helper()
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		return !answer.Close
	}
	for len(open) < 8 {
		open = append(open, h.connect("127.0.0.1"))
	}
	eventually(t, "these alone to be counted", func() bool { return h.connections() == 8 })
	if !kept(open[0]) {
		t.Error("with eight connections of twelve one is not kept")
	}
	h.connect("127.0.0.2")
	eventually(t, "it to be counted", h.server.crowd.fills)
	b.enter("/ws")
	if kept(open[0]) {
		t.Error("with ten connections of twelve one is kept")
	}
	if n, err := open[0].Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("it is not closed: %d bytes, %v", n, err)
	}
}

// TestConnectionsOfAProxy are those of all who come through it.
func TestConnectionsOfAProxy(t *testing.T) {
	h := newHouse(t, func(o *Options, _ *pace) {
		o.Descriptors, o.Proxies = 20, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	var tenth net.Conn
	for range 10 {
		tenth = h.connect("127.0.0.1")
	}
	if h.answered(h.connect("127.0.0.1")) {
		t.Error("a proxy has an eleventh")
	}
	if !h.answered(tenth) {
		t.Error("a proxy has no tenth")
	}
}

// TestPlaceIsGivenBack by connections that became WebSockets too.
func TestPlaceIsGivenBack(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	s, _ := b.enter("/ws")
	b.get("/").want(http.StatusOK)
	eventually(t, "the WebSocket alone", func() bool { return h.connections() == 1 })
	_ = s.conn.CloseNow()
	eventually(t, "no connection", func() bool { return h.connections() == 0 })
	if n := len(h.server.crowd.byNetwork); n != 0 {
		t.Errorf("%d addresses are remembered", n)
	}
}

// TestHalfClosed: one who is still sending gets the last answer, and is heard until
// the end of what they send.
func TestHalfClosed(t *testing.T) {
	h := newHouse(t)
	over := listenAt(t, "127.0.0.1:0")
	defer func() { _ = over.Close() }()
	asks, err := net.DialTimeout("tcp", over.Addr().String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = asks.Close() }()
	answers, err := h.server.Listener(over).Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answers.Close() }()
	// So net/http does it.
	half, ok := answers.(interface{ CloseWrite() error })
	if !ok {
		t.Fatal("the connection cannot be closed by half")
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for _, conn := range []net.Conn{asks, answers} {
		_ = conn.SetDeadline(time.Now().Add(patience))
	}
	if n, err := asks.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("who asks reads %d bytes, %v, want the end of the answer", n, err)
	}
	if _, err := io.WriteString(asks, "more"); err != nil {
		t.Error(err)
	}
	if n, err := io.ReadFull(answers, make([]byte, 4)); err != nil {
		t.Errorf("of what was sent on %d bytes come, %v", n, err)
	}
}

// TestClassOfOneAddress: 500 pages that load at once, beside their WebSockets.
func TestClassOfOneAddress(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	nobody := func(netip.Addr) bool { return false }
	c := newCrowd(1<<20, 200, nobody, nil, log)
	for range 500 * (6 + 1) {
		if _, tooMany := c.enter(netip.MustParseAddr("192.0.2.1")); tooMany != "" {
			t.Fatalf("there are too many of %s after %d", tooMany, c.all)
		}
	}
	// All addresses of a household are one.
	c = newCrowd(4, 0, nobody, nil, log)
	_, first := c.enter(netip.MustParseAddr("2001:db8::1"))
	if _, second := c.enter(netip.MustParseAddr("2001:db8::2")); first != "" || second != ofAddress {
		t.Errorf("two of one household: %q, %q", first, second)
	}
}

// TestDescriptorsOfConnections: what few there are is for terminals first.
func TestDescriptorsOfConnections(t *testing.T) {
	for _, c := range []struct{ descriptors, terminals, all, ofAddress int }{
		{0, 200, 5000, 4000}, {1 << 30, 200, 5000, 4000}, {10_600, 200, 5000, 4000}, {10_598, 200, 4999, 3999},
		{1024, 200, 212, 169}, {1024, 0, 512, 409}, {1024, 341, 128, 102}, {256, 200, 32, 25}, {1, 200, 1, 1},
	} {
		var said strings.Builder
		log := slog.New(slog.NewTextHandler(&said, nil))
		if got := newCrowd(c.descriptors, c.terminals, nil, nil, log); got.mostOfAll != c.all || got.mostOfAddress != c.ofAddress {
			t.Errorf("of %d descriptors, with %d terminals, there are %d connections, %d of an address", c.descriptors, c.terminals, got.mostOfAll, got.mostOfAddress)
		}
		if warned := strings.Contains(said.String(), "ulimit -n"); warned != (c.all < mostConnections) {
			t.Errorf("of %d descriptors, with %d terminals, it is said: %s", c.descriptors, c.terminals, said.String())
		}
	}
}
