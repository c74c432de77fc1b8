package gateway

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func TestConnectionCaps(t *testing.T) {
	l := newLab(t, func(o *Options) { o.MaxConnectionsPerAddress = 2 })
	first, _ := l.dial(), l.dial()
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(conn)
	_ = conn.Close()
	if !strings.Contains(string(said), "2 connections from your address already") {
		t.Errorf("the third connection is told %q", said)
	}
	_ = first.Close()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if client, err := ssh.Dial("tcp", l.addr, &ssh.ClientConfig{
			User: "lab", Auth: []ssh.AuthMethod{ssh.PublicKeys(l.signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		}); err == nil {
			_ = client.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a place that was given back is not free")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestConnectionCapOfAll(t *testing.T) {
	l := newLab(t, func(o *Options) { o.MaxConnections = 1 })
	l.dial()
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if said, _ := io.ReadAll(conn); !strings.Contains(string(said), "there are 1 connections already; try again") {
		t.Errorf("the second connection is told %q", said)
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
