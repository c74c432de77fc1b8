package hold

import (
	"errors"
	"net"
	"time"

	"lectern/sandbox"
)

// serve takes a new connection through its whole stay.
func (h *holder) serve(conn net.Conn) error {
	hello, err := h.greet(conn)
	if err != nil {
		return err
	}
	if hello.Mode == Supervise {
		return h.oversee(conn)
	}
	if !h.status().Delivered {
		return errors.New("a terminal came before the course")
	}
	t := newTerminal(conn)
	size := sandbox.Size{Cols: hello.Cols, Rows: hello.Rows}.Clamp()
	if hello.Mode == sandbox.Control {
		if !h.join(t, size, hello.Epoch) {
			return t.last(frameTakenOver, nil)
		}
	} else {
		t.watcher = watcherName(hello.Watcher)
		h.watch(t)
	}
	writing := make(chan error, 1)
	go func() {
		err := t.write(h)
		_ = conn.Close() // ends the reading below
		writing <- err
	}()
	err = h.readTerminal(t)
	if t.watcher != "" {
		h.unwatch(t)
	} else {
		h.leave(t)
	}
	t.drop()
	return errors.Join(err, <-writing)
}

// greet reads hellos, and takes deliveries, until the one that says what the
// connection is for.
func (h *holder) greet(conn net.Conn) (Hello, error) {
	for {
		// The one that follows a delivery comes with the learner.
		_ = conn.SetReadDeadline(time.Now().Add(helloLimit))
		hello, err := readHello(conn)
		if err != nil {
			return hello, err
		}
		_ = conn.SetReadDeadline(time.Time{})
		if hello.Mode != Deliver {
			return hello, nil
		}
		if err := h.deliver(conn, hello.Environ); err != nil {
			return hello, err
		}
	}
}
