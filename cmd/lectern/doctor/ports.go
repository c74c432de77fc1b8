package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// port is one that lectern serve takes for HTTP, without which it does not start.
type port struct {
	row, setting, address string
	path, says            string // a gateway says this to a GET of the path
}

func (d *Doctor) ports() []port {
	s := d.Settings
	page := port{"page port", "web.listen", s.Web.Listen, "/health", `{"status":"ok"}`}
	switch {
	case !s.Web.Enabled:
		page.address = ""
	case s.Web.TLS.Certificate != "": // what a server of HTTPS says to HTTP
		page.says = "HTTP request to an HTTPS server"
	}
	return []port{
		page,
		{"metrics port", "metrics.listen", s.Metrics.Listen, "/metrics", "lectern_gateway_"},
		{"events port", "proxy.events.listen", s.Proxy.Events.Listen, "/", "the secret of the proxy's reports"},
	}
}

// httpPort looks whether the gateway can have a port, or has it.
func (d *Doctor) httpPort(ctx context.Context, p port) Finding {
	if p.address == "" {
		return skipped(p.setting + " is not set")
	}
	return d.canListen(ctx, p.setting, p.address, func(at string) Finding {
		if said, err := get(ctx, "http://"+at+p.path); err == nil && strings.Contains(said, p.says) {
			return good("a Lectern answers at " + at)
		}
		return taken(p.setting, "another program has "+at)
	})
}

// canListen tries to have a port for a moment. Where somebody has it already, ask
// says who at the address where they are reached.
func (d *Doctor) canListen(ctx context.Context, setting, address string, ask func(at string) Finding) Finding {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		_ = listener.Close()
		return good(address + " is free")
	case errors.Is(err, syscall.EADDRINUSE):
		return ask(toDial(address))
	case errors.Is(err, syscall.EACCES):
		return bad(err.Error(), fmt.Sprintf("set %s to a port above 1023, or give the program the right: setcap cap_net_bind_service=+ep %s", setting, d.Executable))
	}
	return bad(err.Error(), fmt.Sprintf("set %s to an address of this machine", setting))
}

// taken is a port that somebody else has.
func taken(setting, by string) Finding {
	return bad(by, fmt.Sprintf("end that program, or set %s to another address", setting))
}

// answerLimit is how long a server of this machine may take to say something.
const answerLimit = 5 * time.Second

// get is the beginning of what a server answers, whatever its status.
func get(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(answer.Body, most))
	return string(text), err
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
