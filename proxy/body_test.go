package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/proxy/token"
)

// pipes is a listener without a network, for a fake clock.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Net: "unix", Name: "/pipe"} }

func TestBodyThatDoesNotCome(t *testing.T) {
	l := newLab(t, nil)
	o := l.proxy.Options
	synctest.Test(t, func(t *testing.T) {
		bearer := l.token(func(c *token.Claims) { c.Address = "unix:/pipe" })
		o.Registerer = prometheus.NewRegistry()
		p, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- p.Serve(listener) }()
		client, server := net.Pipe()
		listener.conns <- server
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, _ = io.WriteString(client, rawRequest{length: "10", body: "{"}.text(bearer))
		}()
		began := time.Now()
		res, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusRequestTimeout || kindOf(string(text)) != "invalid_request_error" || time.Since(began) != bodyLimit {
			t.Errorf("after %s status %d: %s", time.Since(began), res.StatusCode, text)
		}
		_ = client.Close()
		<-sent
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func TestRoomForLargeBodies(t *testing.T) {
	b := newBodies()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var releases []func()
	for {
		if len(releases) == 3 { // 4 do not fit, with what each wants besides
			cancel()
		}
		_, release, refused := b.room(ctx, fmt.Sprint("session ", len(releases)), maxBody)
		if refused != nil {
			if refused.status != 529 || refused.kind != "overloaded_error" {
				t.Errorf("refused with %+v", refused)
			}
			break
		}
		releases = append(releases, release)
	}
	if len(releases) != 3 {
		t.Fatalf("%d large bodies at once", len(releases))
	}
	if _, _, refused := b.room(ctx, "session 0", 100<<10); refused != nil {
		t.Error("a body of the usual size waits for them")
	}
	releases[0]()
	_, _, refused := b.room(t.Context(), "session 0", maxBody)
	if refused != nil {
		t.Errorf("once there is room: %s", refused.message)
	}
	releases[1]()
	// One session cannot have all of it, and does not wait for what it has itself.
	if _, _, refused := b.room(t.Context(), "session 0", 2*smallBody); refused == nil || refused.status != 529 {
		t.Errorf("a session has more than its share: %+v", refused)
	}
	if _, _, refused := b.room(t.Context(), "session 3", 2*smallBody); refused != nil {
		t.Errorf("another one: %s", refused.message)
	}
}
