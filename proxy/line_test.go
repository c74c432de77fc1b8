package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// onPipe has an api's next connection be served by script, on a fake clock.
func onPipe(a *api, script func(net.Conn)) {
	a.connect = func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer func() { _ = there.Close() }()
			if hears(bufio.NewReader(there)) {
				script(there)
			}
		}()
		return here, nil
	}
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(&url.URL{Scheme: "http", Host: "api"})
		q := question{&url.URL{Host: "api", Path: "/"}, http.Header{}, []byte("{}"), func() {}}
		untilClosed := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
		onPipe(a, untilClosed)
		began := time.Now()
		var network net.Error
		if _, err := a.ask(t.Context(), q); !errors.As(err, &network) || !network.Timeout() || time.Since(began) != firstLimit {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		onPipe(a, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
			time.Sleep(silence - time.Second)
			_, _ = io.WriteString(conn, "b")
			untilClosed(conn)
		})
		began = time.Now()
		res, err := a.ask(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(res.Body); string(text) != "ab" || !errors.Is(err, errSilent) || time.Since(began) != 2*silence-time.Second {
			t.Errorf("%q after %s: %v", text, time.Since(began), err)
		}
		_ = res.Body.Close()
	})
}

// TestIdleConnections are closed when they have waited, when there are too
// many, and at the end.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(&url.URL{Scheme: "http", Host: "api"})
		var closed atomic.Int64
		wait := func() {
			here, there := net.Pipe()
			go func() {
				_, _ = there.Read(make([]byte, 1))
				closed.Add(1)
			}()
			raw := &gathered{Conn: here}
			a.keep(newLine(a, raw, raw))
		}
		want := func(what string, n int64) {
			t.Helper()
			if synctest.Wait(); closed.Load() != n {
				t.Errorf("%s: %d are closed, not %d", what, closed.Load(), n)
			}
		}
		wait()
		time.Sleep(idleUpstream / 2)
		wait()
		time.Sleep(idleUpstream/2 - time.Second)
		want("before the time", 0)
		time.Sleep(2 * time.Second)
		want("after the time of one", 1)
		time.Sleep(idleUpstream / 2)
		want("after the time of both", 2)
		for range maxIdle + 1 {
			wait()
		}
		want("one too many", 3)
		a.close()
		want("at the end", maxIdle+3)
		wait()
		want("after it", maxIdle+4)
	})
}
