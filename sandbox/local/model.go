package local

import (
	"net"

	"lectern/sandbox"
)

// Model is what it takes to run Claude Code in jails.
type Model struct {
	// Program is the path of Claude Code's native program on this machine.
	Program string
	// Sign makes the session token of a jail.
	Sign sandbox.Sign
	// Serve is the API proxy on the Unix socket of one jail. The address of the
	// listener, and of the near end of its connections, is a *net.UnixAddr with
	// the path that the token names after "unix:". It returns once the listener is
	// closed and the requests that came by it have ended; Watch closes it when the
	// sandbox has ended, and when Watch itself ends.
	Serve func(net.Listener) error
}
