package local

import (
	"errors"
	"net"

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
		if err := b.opts.Model.Serve(door{l, b.door(name)}); err != nil && !errors.Is(err, net.ErrClosed) {
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
}

func (d door) Addr() net.Addr { return &net.UnixAddr{Name: d.path, Net: "unix"} }
