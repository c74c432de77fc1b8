package proxy

import (
	"net"
	"sync"
)

const (
	// minConnections is what one address may have open at least: a tutor asks up
	// to ten things at once.
	minConnections = 64
	// tries is how many requests an address may send for each that its session may
	// have answered. Beyond that not even a line of the log is written.
	tries = 10
)

// crowd bounds how many connections each address has. Whoever opens them need
// not be let in for anything, and each takes one of the descriptors that others
// need too; with the local backend those are the gateway's.
type crowd struct {
	most int

	mu   sync.Mutex
	open map[string]int // connections by address
}

func newCrowd(atOnce int) *crowd {
	return &crowd{most: max(minConnections, 2*atOnce), open: make(map[string]int)}
}

// enter counts a connection in until leave, which may be called again, unless
// its address has too many.
func (c *crowd) enter(address string) (leave func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[address] >= c.most {
		return nil, false
	}
	c.open[address]++
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.open[address]--; c.open[address] == 0 {
			delete(c.open, address)
		}
	}), true
}

// crowded is a listener on which a connection too many is closed at once.
type crowded struct {
	net.Listener
	crowd  *crowd
	refuse func() // is told of each
}

func (l crowded) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		leave, ok := l.crowd.enter(l.peer(conn))
		if ok {
			return &counted{overSocket(conn), leave}, nil
		}
		l.refuse()
		_ = conn.Close()
	}
}

// peer is the other end's address, as addressOf gives that of a request.
func (l crowded) peer(conn net.Conn) string {
	if socket, ok := socketOf(l.Listener); ok {
		return socket
	}
	return hostOf(conn.RemoteAddr().String())
}

// counted is one of its connections.
type counted struct {
	net.Conn
	leave func()
}

func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite is what net/http looks for; see worded.
func (c *counted) CloseWrite() error { return closeWrite(c.Conn) }
