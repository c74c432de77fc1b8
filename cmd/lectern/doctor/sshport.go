package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// banner begins what a Lectern says first to whoever connects (RFC 4253, 4.2).
const banner = "SSH-2.0-Lectern"

// sshPort looks whether the gateway can have its port, or has it.
func (d *Doctor) sshPort(ctx context.Context) Finding {
	return d.canListen(ctx, sshSetting, d.Settings.SSH.Listen, func(at string) Finding { return d.whoAnswers(ctx, "tcp", at) })
}

const sshSetting = "ssh.listen"

// whoAnswers tells whether a Lectern does.
func (d *Doctor) whoAnswers(ctx context.Context, network, address string) Finding {
	said, err := firstLine(ctx, network, address)
	switch {
	case strings.HasPrefix(said, banner):
		return good("a Lectern answers at " + address)
	case said != "":
		return taken(sshSetting, fmt.Sprintf("at %s another program answers: %q", address, said))
	case errors.Is(err, context.DeadlineExceeded):
		return taken(sshSetting, fmt.Sprintf("another program has %s, which is no SSH server: it waits for others to speak first", address))
	}
	return taken(sshSetting, fmt.Sprintf("another program has %s, and says nothing to whoever connects", address))
}

// firstLine is what a server says unasked.
func firstLine(ctx context.Context, network, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
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
	if ctx.Err() != nil {
		err = ctx.Err() // and not that the connection is closed, which we have done
	}
	return strings.TrimSpace(line), err
}
