package local

import (
	"errors"
	"net"
	"sync"

	"lectern/sandbox/hold"
)

// openDoor has the API proxy serve a sandbox; shut ends that and returns once the
// proxy has let go of the socket. A sandbox without a model needs no door.
func (b *Backend) openDoor(name string) (shut func()) {
	if b.opts.Model == nil {
		return func() {}
	}
	l, err := hold.Listen(b.door(name))
	if err != nil {
		b.opts.Log.Error("a sandbox has no way to its model", "name", name, "error", err)
		return func() {}
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := b.opts.Model.Serve(newDoor(l, b.door(name))); err != nil && !errors.Is(err, net.ErrClosed) {
			b.opts.Log.Error("a sandbox has lost its way to its model", "name", name, "error", err)
		}
	}()
	return func() {
		_ = l.Close()
		<-served
	}
}

// door is a socket that is known by its path, however it came to be bound there.
type door struct {
	net.Listener
	path string
	room chan struct{} // holds a token for each visitor who is in
}

// doorRoom is how many connections a sandbox may have at once: Claude Code has about
// ten, and one who has broken out of it must not take all of the gateway's files.
const doorRoom = 64

func newDoor(l net.Listener, path string) door { return door{l, path, make(chan struct{}, doorRoom)} }

func (d door) Addr() net.Addr { return &net.UnixAddr{Name: d.path, Net: "unix"} }

func (d door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case d.room <- struct{}{}:
			return visitor{conn, d, sync.OnceFunc(func() { <-d.room })}, nil
		default:
			_ = conn.Close()
		}
	}
}

// visitor is a connection that came by a door.
type visitor struct {
	net.Conn
	door  door
	leave func()
}

func (v visitor) Close() error {
	defer v.leave()
	return v.Conn.Close()
}

func (v visitor) LocalAddr() net.Addr { return v.door.Addr() }
