package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// connected is both ends of a connection, here as a socket.
func connected(t *testing.T, network, address string) (here, there net.Conn) {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := net.Dial(network, listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here = overSocket(conn)
	if _, is := here.(*socket); !is {
		t.Fatalf("over %s it is a %T", network, here)
	}
	if there, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = here.Close(), there.Close() })
	return here, there
}

func TestSocket(t *testing.T) {
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		t.Run(network, func(t *testing.T) {
			here, there := connected(t, network, address)
			silent := here.(*socket).silent
			if !silent() {
				t.Error("there is something though nothing was sent")
			}
			// More than all buffers take, to one who begins to read later.
			long := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
			written := make(chan error, 1)
			go func() {
				_, err := here.Write(long)
				written <- err
			}()
			got := make([]byte, len(long))
			if _, err := io.ReadFull(there, got); err != nil || !bytes.Equal(got, long) {
				t.Errorf("what was written did not arrive as it was: %v", err)
			}
			if err := <-written; err != nil {
				t.Error(err)
			}
			if n, err := here.Read(nil); n != 0 || err != nil {
				t.Errorf("reading nothing gives %d, %v", n, err)
			}
			_, _ = there.Write([]byte("hello"))
			if n, err := here.Read(got); string(got[:n]) != "hello" || err != nil {
				t.Errorf("read are %q, %v", got[:n], err)
			}
			_ = here.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			_, err := here.Read(got)
			wantFault(t, err, "read", os.ErrDeadlineExceeded)
			var network net.Error
			if !errors.As(err, &network) || !network.Timeout() {
				t.Errorf("that the time is over is no timeout: %v", err)
			}
			_ = here.SetReadDeadline(time.Time{})
			_, _ = there.Write([]byte("more"))
			await(t, here.(*socket))
			if silent() {
				t.Error("it does not see what has come")
			}
			if n, err := here.Read(got); string(got[:n]) != "more" || err != nil || !silent() {
				t.Errorf("to look has taken some of it: %q, %v", got[:n], err)
			}
			_ = there.Close()
			if n, err := here.Read(got); n != 0 || err != io.EOF || silent() {
				t.Errorf("of a closed connection %d bytes are read, %v", n, err)
			}
			for err = nil; err == nil; {
				_, err = here.Write(got[:1])
			}
			if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("to a closed connection is written with %v", err)
			}
			_ = here.Close()
			_, err = here.Read(got)
			wantFault(t, err, "read", net.ErrClosed)
			_, err = here.Write(got)
			wantFault(t, err, "write", net.ErrClosed)
			if silent() {
				t.Error("a closed one can be used")
			}
		})
	}
}

// await waits until something comes, and leaves it there.
func await(t *testing.T, s *socket) {
	t.Helper()
	if err := s.raw.Read(func(fd uintptr) bool {
		_, failed := unwaiting(syscall.SYS_RECVFROM, fd, make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return failed != syscall.EAGAIN
	}); err != nil {
		t.Fatal(err)
	}
}

func wantFault(t *testing.T, err error, op string, want error) {
	t.Helper()
	if fault, is := err.(*net.OpError); !is || fault.Op != op || !errors.Is(err, want) {
		t.Errorf("the error of %s is %#v, want %v", op, err, want)
	}
}

// countingConn counts the writes that come down to it.
type countingConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// TestOneWrite: a request as long as those of Claude Code goes up in one write, and
// over TLS too, whose records are shorter.
func TestOneWrite(t *testing.T) {
	for scheme, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		var got atomic.Int64
		server := start(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			got.Store(n)
		}))
		defer server.Close()
		target, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		a := newAPI(target)
		defer a.close()
		if a.tls != nil {
			a.tls.InsecureSkipVerify = true
		}
		var writes atomic.Int64
		dial := a.connect
		a.connect = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return countingConn{conn, &writes}, err
		}
		l, err := a.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		writes.Store(0) // those of the handshake
		body := strings.Repeat("x", alone)
		res, err := l.ask(t.Context(), question{target, http.Header{}, []byte(body), func() {}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if writes.Load() != 1 || got.Load() != alone {
			t.Errorf("%s: %d writes bring %d bytes", scheme, writes.Load(), got.Load())
		}
	}
}
