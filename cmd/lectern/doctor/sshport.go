package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// banner begins what a Lectern says first to whoever connects (RFC 4253, 4.2).
const banner = "SSH-2.0-Lectern"

// sshPort looks whether the gateway can have its port, or has it.
func (d *Doctor) sshPort(ctx context.Context) Finding {
	address := d.Settings.SSH.Listen
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		_ = listener.Close()
		return good(address + " is free")
	case errors.Is(err, syscall.EADDRINUSE):
		return d.whoAnswers(ctx, "tcp", toDial(address))
	case errors.Is(err, syscall.EACCES):
		return bad(err.Error(), "set ssh.listen to a port above 1023, or give the program the right: setcap cap_net_bind_service=+ep "+d.Executable)
	}
	return bad(err.Error(), "set ssh.listen to an address of this machine")
}

// whoAnswers tells whether a Lectern does.
func (d *Doctor) whoAnswers(ctx context.Context, network, address string) Finding {
	said, err := firstLine(ctx, network, address)
	switch {
	case err == nil && strings.HasPrefix(said, banner):
		return good("a Lectern answers at " + address)
	case err != nil && said == "":
		return bad(fmt.Sprintf("whoever has %s says nothing that ssh would take (%v)", address, err), "end that program, or set ssh.listen to another address")
	}
	return bad(fmt.Sprintf("at %s another program answers: %q", address, said), "end that program, or set ssh.listen to another address")
}

// firstLine is what a server says unasked.
func firstLine(ctx context.Context, network, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	const most = 255
	line, err := bufio.NewReader(io.LimitReader(conn, most)).ReadString('\n')
	return strings.TrimSpace(line), err
}

// toDial is where an address to listen at is reached on this machine.
func toDial(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
