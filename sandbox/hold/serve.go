package hold

import (
	"errors"
	"net"
	"slices"
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
		if !h.join(t, size, hello) {
			return t.last(frameTakenOver, nil)
		}
	} else {
		t.watcher = watcherName(hello.Watcher)
		h.watch(t)
	}
	writing := make(chan error, 1)
	go func() {
		err := t.write(h)
		farewell(conn, err) // ends the reading below
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

const (
	// helloLimit is how long a connection may take to say what it is for, and
	// lateLimit, how long once the sandbox has ended, which waits for all to leave.
	helloLimit = 15 * time.Second
	lateLimit  = 200 * time.Millisecond
	// hearingLimit is how long the other side may take to hear the last that we say.
	hearingLimit = 500 * time.Millisecond
)

// farewell ends a connection on which all is said, or failed to be. The other side
// hangs up when it has heard it: in a Pod, what is on the way ends with us.
func farewell(conn net.Conn, failed error) {
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || failed != nil || half.CloseWrite() != nil {
		_ = conn.Close()
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(hearingLimit))
}

// greet reads hellos, and takes deliveries, until the one that says what the
// connection is for.
func (h *holder) greet(conn net.Conn) (Hello, error) {
	for {
		// The one that follows a delivery comes with the learner.
		h.awaitHello(conn)
		hello, err := readHello(conn)
		h.heardHello(conn)
		if err != nil {
			return hello, err
		}
		if hello.Mode != Deliver {
			return hello, nil
		}
		if err := h.deliver(conn, hello.Environ); err != nil {
			return hello, err
		}
	}
}

func (h *holder) awaitHello(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	limit := helloLimit
	if h.exit != nil {
		limit = lateLimit
	}
	_ = conn.SetReadDeadline(time.Now().Add(limit))
	h.strangers = append(h.strangers, conn)
}

func (h *holder) heardHello(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.strangers = slices.DeleteFunc(h.strangers, func(c net.Conn) bool { return c == conn })
	_ = conn.SetReadDeadline(time.Time{})
}

// end notes how the sandbox has ended, and hurries those who have said nothing yet.
func (h *holder) end(exit sandbox.Exit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.exit = &exit
	close(h.ended)
	for _, conn := range h.strangers {
		_ = conn.SetReadDeadline(time.Now().Add(lateLimit))
	}
}
