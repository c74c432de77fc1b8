package web

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// mostConnections is room for a class of 500 that loads the page at once and has
	// a WebSocket each: browsers open up to six connections beside it. They may all
	// come from one address, and leave some to others.
	mostConnections          = 5000
	mostConnectionsOfAddress = 4000
	// descriptorsOfTerminal are those of a connection or a session that the gateway
	// takes in: one of the page has the two ends of a socket pair and the way to the
	// sandbox, beside the connection that is counted here, and one of ssh has its own
	// connection and such a way.
	descriptorsOfTerminal = 3
	// crowdSaidEvery is how often it is logged that somebody was turned away.
	crowdSaidEvery = 10 * time.Second
)

// crowd bounds the open connections. Whoever opens them need not be let in for
// anything, and each takes one of the descriptors that ssh needs too.
type crowd struct {
	mostOfAll, mostOfAddress int
	// proxy tells whether many may come from an address because it is in front of
	// all of them.
	proxy   func(netip.Addr) bool
	metrics *metrics
	log     *slog.Logger
	said    rate.Sometimes

	mu        sync.Mutex
	all       int
	byNetwork map[netip.Addr]int
}

// newCrowd leaves the gateway's terminals the descriptors that they need, and half
// of the rest to others, as long as the page is left enough to be one: all terminals
// are seldom there at once. 0 descriptors are as many as anybody wants.
func newCrowd(descriptors, terminals int, proxy func(netip.Addr) bool, m *metrics, log *slog.Logger) *crowd {
	c := &crowd{
		mostOfAll: mostConnections, mostOfAddress: mostConnectionsOfAddress, proxy: proxy, metrics: m, log: log,
		said: rate.Sometimes{First: 1, Interval: crowdSaidEvery}, byNetwork: make(map[netip.Addr]int),
	}
	ofTerminals := descriptorsOfTerminal * terminals
	if half := max((descriptors-ofTerminals)/2, descriptors/8); descriptors > 0 && half < c.mostOfAll {
		c.mostOfAll = max(half, 1)
		c.mostOfAddress = max(half*mostConnectionsOfAddress/mostConnections, 1)
		log.Warn("the page takes few connections, since few files may be open: raise that limit (ulimit -n)",
			"connections", c.mostOfAll, "limit", descriptors, "wanted", ofTerminals+2*mostConnections)
	}
	return c
}

// enter counts a connection in until leave, which may be called again. Where
// there are too many it says of what.
func (c *crowd) enter(from netip.Addr) (leave func(), tooMany string) {
	key := network(from)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.all >= c.mostOfAll:
		return nil, ofAll
	case c.byNetwork[key] >= c.mostOfAddress && !c.proxy(from):
		return nil, ofAddress
	}
	c.all++
	c.byNetwork[key]++
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all--
		if c.byNetwork[key]--; c.byNetwork[key] == 0 {
			delete(c.byNetwork, key)
		}
	}), ""
}

// fills tells whether three quarters of the room are taken. No connection is kept
// for another request then: a few addresses could keep all of them for little.
func (c *crowd) fills() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return 4*c.all >= 3*c.mostOfAll
}

// Listener is a listener whose connections are bounded. One that is too many is
// closed at once: whoever waited for its turn would wait behind those who came to
// fill the place, and a page comes back by itself.
func (s *Server) Listener(over net.Listener) net.Listener { return crowded{over, s.crowd} }

type crowded struct {
	net.Listener
	crowd *crowd
}

// Accept is net.Listener's.
func (l crowded) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		leave, tooMany := l.crowd.enter(peer(conn))
		if tooMany == "" {
			return &counted{conn, leave}, nil
		}
		l.crowd.metrics.turnedAway.WithLabelValues(tooMany).Inc()
		l.crowd.said.Do(func() {
			l.crowd.log.Warn("turned a connection to the page away, since there are too many", "remote", conn.RemoteAddr(), "of", tooMany)
		})
		_ = conn.Close()
	}
}

// peer is the address at the other end.
func peer(conn net.Conn) netip.Addr {
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// counted is one of the connections.
type counted struct {
	net.Conn
	leave func()
}

// Close is net.Conn's.
func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite is what net/http looks for: a last answer would be lost with what the
// browser is still sending.
func (c *counted) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
