package hold

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lectern/sandbox"
)

// forwarded is a holder that forwards a port to a socket on which nobody listens
// yet.
func forwarded(t *testing.T) (r running, port, socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "forward") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r = start(t, "quiet", func(o *Options) { o.Forward = &Forward{Listener: l, Socket: socket} })
	return r, l.Addr().String(), socket
}

// dialTCP opens a connection that ends with the test.
func dialTCP(t *testing.T, port string) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", port, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn.(*net.TCPConn)
}

// answer takes one connection of l, reads all that it says and answers with it.
func answer(t *testing.T, l net.Listener) (done <-chan struct{}) {
	t.Helper()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		said, err := io.ReadAll(conn)
		if err == nil {
			_, err = io.WriteString(conn, "you said "+string(said))
		}
		if err != nil {
			t.Error(err)
		}
	}()
	return answered
}

func TestForwardCarriesBothWays(t *testing.T) {
	_, port, socket := forwarded(t)
	early := dialTCP(t, port)
	if got, err := io.ReadAll(early); len(got) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("with nobody at the other end there is %q, %v", got, err)
	}
	for range 2 { // whoever listens may be started again
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		answered := answer(t, l)
		conn := dialTCP(t, port)
		question := strings.Repeat("much to say ", 1<<15)
		if _, err := io.WriteString(conn, question); err != nil {
			t.Error(err)
		}
		_ = conn.CloseWrite()
		if got, err := io.ReadAll(conn); err != nil || string(got) != "you said "+question {
			t.Errorf("%d bytes came back of %d, %v", len(got), len(question), err)
		}
		<-answered
		_ = l.Close()
	}
}

func TestForwardEndsWithTheHolder(t *testing.T) {
	r, port, socket := forwarded(t)
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	near := dialTCP(t, port)
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = far.Close() }()
	r.stop()
	if exit := <-r.exit; exit.Ending != sandbox.Stopped {
		t.Errorf("the holder ended by %+v", exit)
	}
	for name, conn := range map[string]net.Conn{"inside": near, "outside": far} {
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the connection's end %s is open: %v", name, err)
		}
	}
	if conn, err := net.Dial("tcp", port); err == nil {
		_ = conn.Close()
		t.Error("the port still listens")
	}
}

// A tutor that opens connections without end is refused some, and the holder goes
// on forwarding.
func TestForwardHasAnEnd(t *testing.T) {
	_, port, socket := forwarded(t)
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var carried []net.Conn
	for range forwardRoom {
		carried = append(carried, dialTCP(t, port))
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		carried = append(carried, far)
	}
	if _, err := dialTCP(t, port).Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("one too many is carried: %v", err)
	}
	for _, conn := range carried {
		_ = conn.Close()
	}
	answered := answer(t, l)
	for deadline := time.Now().Add(10 * time.Second); ; { // room is there once the holder has noticed
		conn := dialTCP(t, port)
		_, _ = io.WriteString(conn, "hello")
		_ = conn.CloseWrite()
		got, _ := io.ReadAll(conn)
		_ = conn.Close()
		if string(got) == "you said hello" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no room is left by those who have gone")
		}
	}
	<-answered
}
