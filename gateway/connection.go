package gateway

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"lectern/web/api"
)

// connections counts the open TCP connections: all, and by address those of which
// it is not known yet who is there. From the sign-in on a connection counts for
// its learner, so that nobody is shut out by others who come from the same
// address, as a whole class may.
type connections struct {
	maxAll, maxPerAddress int

	mu        sync.Mutex
	all       int
	byHost    map[string]int
	byLearner map[string]int
}

// admit lets a connection in and returns it wrapped so that closing it gives
// its place back, or tells why not.
func (c *connections) admit(conn net.Conn) (*connection, error) {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		host = conn.RemoteAddr().String()
	}
	if isPage(conn) {
		host = ofPage
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.full() != nil:
		return nil, c.full()
	case c.maxPerAddress > 0 && c.byHost[host] >= c.maxPerAddress && host != ofPage:
		return nil, exceeds(ofAddress, "there are %d connections from your address already; close one and try again", c.byHost[host])
	}
	c.all++
	c.byHost[host]++
	admitted := &connection{Conn: conn, host: host}
	admitted.release = sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all--
		if admitted.released = true; admitted.login == "" {
			giveBack(c.byHost, host)
		} else {
			giveBack(c.byLearner, admitted.login)
		}
	})
	return admitted, nil
}

// claim counts a connection for the learner who has signed in on it, or tells why
// they may not have another one.
func (c *connections) claim(conn *connection, login string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case conn.released || conn.login != "" || conn.fromPage(): // the page has its own bounds
		return nil
	case c.maxPerAddress > 0 && c.byLearner[login] >= c.maxPerAddress:
		return exceeds(ofLearner, "You are connected already as often as you may be, %d times at once: close one connection and try again.", c.byLearner[login])
	}
	giveBack(c.byHost, conn.host)
	conn.login = login
	c.byLearner[login]++
	return nil
}

// full says so where no more are let in. The lock is held.
func (c *connections) full() error {
	if c.maxAll > 0 && c.all >= c.maxAll {
		return exceeds(ofAll, "there are %d connections already; try again in a minute", c.all)
	}
	return nil
}

// room says in words for the page that there is none.
func (c *connections) room() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.full(); err != nil {
		return &api.Refused{Kind: api.Unavailable, Detail: asSentence(err)}
	}
	return nil
}

// open is how many there are.
func (c *connections) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// connection is one that was admitted.
type connection struct {
	net.Conn
	release func()
	// host and login are what it counts for, released that it does no more; only
	// connections looks at them.
	host, login string
	released    bool

	mu       sync.Mutex
	closed   bool
	sessions int
	empty    *time.Timer // closes a connection that has no session; nil before the sign-in
	end      func()      // is called when it closes; may be nil
}

// ofPage is in the place of the address for what comes from the page. Browsers
// may come in numbers from the one address of an ingress; the page bounds them,
// and they are in the way of nobody who comes from there by ssh.
const ofPage = "page"

// isPage tells whether a connection came through the page's door.
func isPage(conn net.Conn) bool {
	_, page := conn.(*pageConn)
	return page
}

func (c *connection) fromPage() bool { return isPage(c.Conn) }

// page is who follows from the page; nil where there is none.
func (c *connection) page() follower {
	if conn, ok := c.Conn.(*pageConn); ok {
		return conn.follower
	}
	return nil
}

// connectionKey finds the connection in the context that the SSH library makes
// for it.
type connectionKey struct{}

func connectionOf(ctx context.Context) *connection {
	conn, _ := ctx.Value(connectionKey{}).(*connection)
	return conn
}

// emptyIntervals is for how many keep-alive intervals a signed-in connection
// may be without a session. Those who share one among their sessions (OpenSSH's
// ControlPersist) lose no more than that they sign in again.
const emptyIntervals = 4

// signedIn begins to count how long the connection has no session.
func (c *connection) signedIn(interval time.Duration) {
	if interval <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.empty == nil && !c.closed {
		c.empty = time.AfterFunc(emptyIntervals*interval, func() { _ = c.Close() })
	}
}

// began and ended are told of every session.
func (c *connection) began() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sessions++; c.empty != nil {
		c.empty.Stop()
	}
}

func (c *connection) ended(interval time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sessions--; c.sessions == 0 && c.empty != nil && !c.closed {
		c.empty.Reset(emptyIntervals * interval)
	}
}

// atEnd says what to do once the connection has closed, in place of what was
// said before.
func (c *connection) atEnd(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = do
}

func (c *connection) Close() error {
	c.mu.Lock()
	c.closed = true
	if c.empty != nil {
		c.empty.Stop()
	}
	end := c.end
	c.end = nil
	c.mu.Unlock()
	c.release()
	err := c.Conn.Close()
	if end != nil {
		end()
	}
	return err
}

// turnAway tells a client why it is not let in, in the one message that clients
// show to a person before they have signed in: SSH_MSG_DISCONNECT with the
// reason SSH_DISCONNECT_TOO_MANY_CONNECTIONS (RFC 4253 section 11.1), after
// the version and not encrypted yet.
func turnAway(conn net.Conn, reason string) {
	payload := gossh.Marshal(struct {
		Code             uint32 `sshtype:"1"`
		Reason, Language string
	}{12, reason, ""})
	// Section 6: the length, the length of the padding, the payload, and
	// padding of at least 4 bytes up to a multiple of 8.
	padding := 8 - (5+len(payload))%8
	if padding < 4 {
		padding += 8
	}
	packet := binary.BigEndian.AppendUint32([]byte("SSH-2.0-Lectern\r\n"), uint32(1+len(payload)+padding))
	packet = append(append(append(packet, byte(padding)), payload...), make([]byte, padding)...)
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write(packet); err != nil {
		return
	}
	// A close with input unread would take the message back from the client.
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(conn, 64<<10))
	}
}

// keepAliveKey marks a connection that is asked for signs of life already.
type keepAliveKey struct{}

// keepAlive asks the client of a connection for a sign of life now and then,
// from its first session on, and closes the connection when none comes within
// another interval: a peer that vanished without a word would otherwise stay
// for as long as TCP tries.
func (s *Server) keepAlive(ctx ssh.Context, conn gossh.Conn) {
	ctx.Lock()
	defer ctx.Unlock()
	if ctx.Value(keepAliveKey{}) != nil || s.KeepAlive <= 0 {
		return
	}
	ctx.SetValue(keepAliveKey{}, true)
	s.keepers.Add(1)
	go func() {
		defer s.keepers.Done()
		askForLife(ctx, conn, s.KeepAlive)
	}()
}

func askForLife(ctx context.Context, conn gossh.Conn, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		late := time.AfterFunc(interval, func() { _ = conn.Close() })
		_, _, err := conn.SendRequest("keepalive@openssh.com", true, nil)
		late.Stop()
		if err != nil {
			return
		}
	}
}
