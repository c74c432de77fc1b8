// Package control is the way from commands on a machine to the gateway that runs
// there: a Unix socket in its data folder that only its own user and root may
// use. What a running gateway alone can give, since it has the database open, it
// gives here: a copy of that, and the progress of all learners.
//
// It knows the progress store, and nothing of SSH, sandboxes or screens.
package control

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"lectern/internal/unixsocket"
)

// socketIn is the socket of the gateway that has this data folder.
func socketIn(dataDir string) string { return filepath.Join(dataDir, "control.sock") }

// door is the listener of that socket, and keeps strangers out.
type door struct {
	*net.UnixListener
	path string
	log  *slog.Logger
}

// openDoor makes the socket. Whoever calls it has the database open, which one
// process alone can have, so a socket that is there was left by a dead one.
func openDoor(path string, log *slog.Logger) (*door, error) {
	l, err := unixsocket.Listen(path)
	if err != nil {
		return nil, fmt.Errorf("listen on the control socket: %w", err)
	}
	return &door{UnixListener: l, path: path, log: log}, nil
}

// Accept waits for somebody who may come in. The permissions of the socket keep
// the others away already, unless somebody has changed them.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if err = mayEnter(conn); err == nil {
			return conn, nil
		}
		d.log.Warn("refused a connection to the control socket", "error", err)
		_ = conn.Close()
	}
}

// Close takes the name away first, so that nobody comes in vain.
func (d *door) Close() error {
	err := os.Remove(d.path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, d.UnixListener.Close())
}

// mayEnter asks the kernel who is at the other end.
func mayEnter(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var (
		peer   *unix.Ucred
		failed error
	)
	if err := raw.Control(func(fd uintptr) { peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("ask who has connected: %w", failed)
	}
	if peer.Uid != 0 && peer.Uid != uint32(os.Geteuid()) {
		return fmt.Errorf("user %d is neither root nor the gateway's", peer.Uid)
	}
	return nil
}
