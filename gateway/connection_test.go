package gateway

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// signIn connects once, as far as a signed-in client.
func (l *lab) signIn() error {
	client, err := ssh.Dial("tcp", l.addr, l.clientConfig())
	if err != nil {
		return err
	}
	return client.Close()
}

func TestConnectionCaps(t *testing.T) {
	for name, test := range map[string]struct {
		limit func(*Options)
		hold  func(l *lab) io.Closer
		says  string
	}{
		"by address": {func(o *Options) { o.MaxConnectionsPerAddress = 2 }, func(l *lab) io.Closer { return l.knock() }, "there are 2 connections from your address already; close one and try again"},
		"of all":     {func(o *Options) { o.MaxConnections = 2 }, func(l *lab) io.Closer { return l.dial() }, "there are 2 connections already; try again in a minute"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, test.limit)
			first, _ := test.hold(l), test.hold(l)
			if err := l.signIn(); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the third connection is told %v", err)
			}
			_ = first.Close()
			for deadline := time.Now().Add(10 * time.Second); l.signIn() != nil; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("a place that was given back is not free")
				}
			}
		})
	}
}

// knock opens a connection and does not sign in.
func (l *lab) knock() net.Conn {
	l.t.Helper()
	conn, err := net.Dial("tcp", l.addr)
	if err == nil {
		_, err = io.ReadFull(conn, make([]byte, len("SSH-2.0-"))) // it is let in
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestNobodyShutsOthersOut: a class comes from one address, and one of them may
// have as many connections as that allows.
func TestNobodyShutsOthersOut(t *testing.T) {
	l := newLab(t, func(o *Options) { o.MaxConnectionsPerAddress = 2 })
	first, _ := l.dial(), l.dial()
	told := ""
	config := l.clientConfig()
	config.BannerCallback = func(message string) error {
		told += message
		return nil
	}
	if client, err := ssh.Dial("tcp", l.addr, config); err == nil {
		_ = client.Close()
		t.Error("ada has three connections")
	}
	if !strings.Contains(told, "as often as you may be, 2 times at once") {
		t.Errorf("ada is told %q", told)
	}
	bob := l.clientConfig()
	bob.Auth = []ssh.AuthMethod{ssh.PublicKeys(l.other)}
	for range 2 {
		client, err := ssh.Dial("tcp", l.addr, bob)
		if err != nil {
			t.Fatalf("bob is shut out: %v", err)
		}
		t.Cleanup(func() { _ = client.Close() })
	}
	_ = first.Close()
	for deadline := time.Now().Add(10 * time.Second); l.signIn() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a place that was given back is not free")
		}
	}
}

func TestHandshakeDeadline(t *testing.T) {
	l := newLab(t, func(o *Options) { o.HandshakeTimeout = 200 * time.Millisecond })
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("a silent client is not dropped: %v", err)
	}
}

// TestConnectionWithoutASession is closed after a while, and one with a session
// is not.
func TestConnectionWithoutASession(t *testing.T) {
	l := newLab(t, func(o *Options) { o.KeepAlive = 250 * time.Millisecond })
	gone := func(client *ssh.Client) <-chan struct{} {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = client.Wait()
		}()
		return ended
	}
	never, busy := l.dial(), l.dial()
	c := open(t, busy, "")
	c.shows("Only stage")
	hadOne := gone(busy)
	select {
	case <-gone(never):
	case <-time.After(10 * time.Second):
		t.Fatal("a connection that never had a session stays")
	}
	select {
	case <-hadOne:
		t.Fatal("a connection with a session is closed")
	default:
	}
	c.types("q")
	if err := c.session.Wait(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-hadOne:
	case <-time.After(10 * time.Second):
		t.Fatal("a connection whose session has ended stays")
	}
}

func TestSilentPeerIsDropped(t *testing.T) {
	l := newLab(t, func(o *Options) { o.KeepAlive = 100 * time.Millisecond })
	// A proxy that stops forwarding plays a link that is cut without a word.
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = proxy.Close() }()
	cut, gone := make(chan struct{}), make(chan struct{})
	gateway := l.addr
	go func() {
		outside, err := proxy.Accept()
		if err != nil {
			return
		}
		inside, err := net.Dial("tcp", gateway)
		if err != nil {
			return
		}
		go func() {
			buf := make([]byte, 4096)
			for {
				n, err := outside.Read(buf)
				select {
				case <-cut:
					return
				default:
				}
				if err != nil {
					return
				}
				_, _ = inside.Write(buf[:n])
			}
		}()
		_, _ = io.Copy(outside, inside)
		_ = inside.Close()
		_ = outside.Close()
		close(gone)
	}()
	l.addr = proxy.Addr().String()
	c := open(t, l.dial(), "")
	c.enter()
	close(cut)
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the gateway keeps a peer that has vanished")
	}
}
