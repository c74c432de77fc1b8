package proxy

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// wire is an upstream that works with bytes: each connection is served by the
// next of its scripts, and the last one serves all that come after.
type wire struct {
	address string
	scripts []func(net.Conn, *bufio.Reader)

	mu    sync.Mutex
	conns int
}

func newWire(t *testing.T, scripts ...func(net.Conn, *bufio.Reader)) *wire {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{address: listener.Addr().String(), scripts: scripts}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			script := w.scripts[min(w.conns, len(w.scripts)-1)]
			w.conns++
			w.mu.Unlock()
			unhook := context.AfterFunc(ctx, func() { _ = conn.Close() })
			all.Go(func() {
				defer unhook()
				defer func() { _ = conn.Close() }()
				script(conn, bufio.NewReader(conn))
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		all.Wait()
	})
	return w
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conns
}

// behind gives a lab whose upstream it is.
func (w *wire) behind(t *testing.T) *lab {
	return newLab(t, func(o *Options) { o.Upstream = &url.URL{Scheme: "http", Host: w.address} })
}

// hears reads a request to its end.
func hears(in *bufio.Reader) bool {
	r, err := http.ReadRequest(in)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

const sized = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

// says answers each request with text.
func says(text string) func(net.Conn, *bufio.Reader) {
	return func(conn net.Conn, in *bufio.Reader) {
		for hears(in) {
			_, _ = io.WriteString(conn, text)
		}
	}
}

func TestConnectionsToTheUpstream(t *testing.T) {
	chunked := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Trailer: a\r\n\r\n"
	for name, c := range map[string]struct {
		answer string
		conns  int // for three requests
	}{
		"a length":            {sized, 1},
		"chunks":              {chunked, 1},
		"after early answers": {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + sized, 1},
		"to be closed":        {strings.Replace(sized, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1), 3},
		"of HTTP/1.0":         {strings.Replace(sized, "1.1", "1.0", 1), 3},
		// What comes after an answer is not the next one.
		"and another": {sized + sized, 3},
		"and a byte":  {chunked + "H", 3},
	} {
		w := newWire(t, says(c.answer))
		l := w.behind(t)
		for range 3 {
			if res, text := l.ask(okBody, nil); res.StatusCode != http.StatusOK || text != "{}" || len(res.Trailer) > 0 {
				t.Errorf("%s: status %d: %s", name, res.StatusCode, text)
			}
		}
		if w.count() != c.conns {
			t.Errorf("%s: %d connections", name, w.count())
		}
	}
}

// TestUnaskedAnswer: what an upstream says while nothing is asked, as some do
// before they close, is no answer to what is asked next.
func TestUnaskedAnswer(t *testing.T) {
	said := make(chan struct{})
	w := newWire(t, func(conn net.Conn, in *bufio.Reader) {
		hears(in)
		_, _ = io.WriteString(conn, sized)
		<-said
		_, _ = io.WriteString(conn, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
		said <- struct{}{}
		_, _ = io.Copy(io.Discard, in)
	}, says(sized))
	l := w.behind(t)
	l.ask(okBody, nil)
	said <- struct{}{}
	<-said
	if res, text := l.ask(okBody, nil); res.StatusCode != http.StatusOK || w.count() != 2 {
		t.Errorf("status %d over %d connections: %s", res.StatusCode, w.count(), text)
	}
}

// TestClosedWhileItWaits: a connection that the upstream has closed is not used.
func TestClosedWhileItWaits(t *testing.T) {
	closed := make(chan struct{})
	w := newWire(t, func(conn net.Conn, in *bufio.Reader) {
		hears(in)
		_, _ = io.WriteString(conn, sized)
		_ = conn.Close()
		close(closed)
	}, says(sized))
	l := w.behind(t)
	l.ask(okBody, nil)
	<-closed
	if res, text := l.ask(okBody, nil); res.StatusCode != http.StatusOK || w.count() != 2 {
		t.Errorf("status %d over %d connections: %s", res.StatusCode, w.count(), text)
	}
}

// TestBrokenUnderARequest: a request that the upstream may have read, and charged,
// is not sent again, whatever came of an answer.
func TestBrokenUnderARequest(t *testing.T) {
	for name, then := range map[string]string{
		"closed":            "",
		"begun":             "HTTP/1.1 2",
		"an early answer":   "HTTP/1.1 100 Continue\r\n\r\n",
		"no HTTP":           "SSH-2.0-x\r\n\r\n",
		"an endless header": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeader),
		"early without end": strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxEarly+1) + sized,
	} {
		w := newWire(t, func(conn net.Conn, in *bufio.Reader) {
			hears(in)
			_, _ = io.WriteString(conn, sized)
			hears(in)
			_, _ = io.WriteString(conn, then)
		}, says(sized))
		l := w.behind(t)
		l.ask(okBody, nil)
		if res, text := l.ask(okBody, nil); res.StatusCode != http.StatusBadGateway || w.count() != 1 {
			t.Errorf("%s: status %d over %d connections: %s", name, res.StatusCode, w.count(), text)
		}
	}
}

// TestRefusedBeforeTheBodyIsThere: an upstream need not read what it refuses.
func TestRefusedBeforeTheBodyIsThere(t *testing.T) {
	const text = `{"type":"error","error":{"type":"request_too_large","message":"x"}}`
	gone := make(chan struct{})
	w := newWire(t, func(conn net.Conn, in *bufio.Reader) {
		if _, err := http.ReadRequest(in); err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		<-gone
	})
	l := w.behind(t)
	res, got := l.ask(`{"messages":[],"x":"`+strings.Repeat("x", 30<<20)+`"}`, nil)
	close(gone)
	if res.StatusCode != http.StatusRequestEntityTooLarge || got != text {
		t.Errorf("status %d: %s", res.StatusCode, got)
	}
}

// TestLongBodyArrives, which is sent while the answer is waited for.
func TestLongBodyArrives(t *testing.T) {
	l := newLab(t, nil)
	body := `{"messages":[],"x":"` + strings.Repeat("x", 10<<20) + `"}`
	for range 2 {
		if res, text := l.ask(body, nil); res.StatusCode != http.StatusOK {
			t.Fatalf("status %d: %s", res.StatusCode, text)
		}
	}
	for _, seen := range l.upstream.seen {
		if seen.body != body {
			t.Errorf("%d bytes arrive", len(seen.body))
		}
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprint(w, r.Proto, " ", r.TLS.ServerName, " ", r.RemoteAddr)
	}))
	server.EnableHTTP2 = true                           // which it would rather speak
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the certificate that is refused
	server.StartTLS()
	defer server.Close()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	target.Host = "example.com" // which its certificate is for
	a := newAPI(target)
	defer a.close()
	if a.address != "example.com:443" {
		t.Errorf("the address is %s", a.address)
	}
	a.connect = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	ask := func() (string, error) {
		res, err := a.ask(t.Context(), question{target, http.Header{}, []byte(strings.Repeat("x", 100_000)), func() {}})
		if err != nil {
			return "", err
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		return string(text), err
	}
	var unknown x509.UnknownAuthorityError
	if _, err := ask(); !errors.As(err, &unknown) {
		t.Fatalf("a certificate of nobody's: %v", err)
	}
	a.tls.RootCAs = x509.NewCertPool()
	a.tls.RootCAs.AddCert(server.Certificate())
	first, err := ask()
	if err != nil || !strings.HasPrefix(first, "HTTP/1.1 example.com ") {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := ask(); err != nil || again != first {
		t.Errorf("another connection is made: %q, %q, %v", first, again, err)
	}
}
