// Package unixsocket listens on Unix sockets, and connects to them, by paths of
// any length, and lets nobody find a socket that does not listen yet.
//
// It knows nothing of what is said over them.
package unixsocket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// longest is how long a path may be in the 108 bytes of sockaddr_un, with its
// final 0 (unix(7)).
const longest = 107

// Listen makes the socket path, in the place of one that may be there; only
// this user may open it. It appears under its name once it listens, so that
// nobody finds it deaf. Closing the listener leaves the name behind.
func Listen(path string) (*net.UnixListener, error) {
	var l *net.UnixListener
	deaf := path + ".new"
	_ = os.Remove(deaf) // of one that was killed in this moment
	err := throughShortPath(deaf, func(short string) (err error) {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // the short path is gone by then
	if err := errors.Join(os.Chmod(deaf, 0o600), os.Rename(deaf, path)); err != nil {
		_ = l.Close()
		return nil, errors.Join(err, os.Remove(deaf))
	}
	return l, nil
}

// Dial connects to the socket path.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	var (
		d    net.Dialer
		conn net.Conn
	)
	err := throughShortPath(path, func(short string) (err error) {
		conn, err = d.DialContext(ctx, "unix", short)
		return err
	})
	return conn, err
}

// throughShortPath gives use a path of the socket that fits, by way of an open
// folder where its own does not.
func throughShortPath(path string, use func(short string) error) error {
	if len(path) <= longest {
		return use(path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)))
}
