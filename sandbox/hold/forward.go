package hold

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Forward carries bytes between a port inside a sandbox that has no network and a
// Unix socket that was put into it.
type Forward struct {
	// Listener is the port. Run closes it.
	Listener net.Listener
	// Socket is looked up anew for each connection, so whoever listens there may
	// come and go.
	Socket string
}

// run forwards until ended is closed, and returns once every connection is closed.
func (f *Forward) run(ended <-chan struct{}, log *slog.Logger) {
	var carrying sync.WaitGroup
	defer carrying.Wait()
	room := make(chan struct{}, forwardRoom)
	closed := make(chan struct{})
	defer close(closed)
	carrying.Go(func() {
		select {
		case <-ended:
		case <-closed:
		}
		_ = f.Listener.Close()
	})
	for {
		near, err := f.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				log.Error("stopped forwarding", "error", err)
			}
			return
		}
		select {
		case room <- struct{}{}:
		default:
			_ = near.Close()
			continue
		}
		carrying.Go(func() {
			defer func() { <-room }()
			defer func() { _ = near.Close() }()
			far, err := net.DialTimeout("unix", f.Socket, forwardLimit)
			if err != nil { // the tutor sees its connection end, and tries again
				log.Debug("nobody listens at the other end", "error", err)
				return
			}
			defer func() { _ = far.Close() }()
			carry(near, far, ended)
		})
	}
}

// forwardRoom is how many connections may be carried at once. Without an end the
// holder would be out of files, and stop forwarding for good.
const forwardRoom = 64

// forwardLimit is how long the other end may take to accept.
const forwardLimit = 10 * time.Second

// carry copies both ways until both sides have said all, or ended is closed.
func carry(near, far net.Conn, ended <-chan struct{}) {
	done := make(chan struct{})
	var copying sync.WaitGroup
	copying.Go(func() { passOn(near, far) })
	copying.Go(func() { passOn(far, near) })
	go func() {
		defer close(done)
		copying.Wait()
	}()
	select {
	case <-done:
	case <-ended:
		_ = near.Close()
		_ = far.Close()
		<-done
	}
}

// passOn copies one way. Where that side has no more to say the other one hears so
// and may still answer; where it fails, nobody would read an answer.
func passOn(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		if half.CloseWrite() == nil {
			return
		}
	}
	_ = to.Close()
	_ = from.Close()
}
