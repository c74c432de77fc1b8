package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"lectern/proxy/token"
)

// socketKey is where the context of a connection to a Unix socket has the
// socket's name.
type socketKey struct{}

// contextOf gives the connections of a listener its name, if it is a socket's.
func contextOf(ctx context.Context, listener net.Listener) context.Context {
	if socket, ok := socketOf(listener); ok {
		return context.WithValue(ctx, socketKey{}, socket)
	}
	return ctx
}

// socketOf is the address of all that comes by a Unix socket.
func socketOf(listener net.Listener) (socket string, ok bool) {
	if address := listener.Addr(); address.Network() == "unix" {
		return "unix:" + address.String(), true
	}
	return "", false
}

// addressOf is where a request comes from, in the form that tokens have it.
// Only the connection tells: a header could be anybody's.
func addressOf(r *http.Request) string {
	if socket, ok := r.Context().Value(socketKey{}).(string); ok {
		return socket
	}
	return hostOf(r.RemoteAddr)
}

// hostOf is the IP address of a client, "" where it has none.
func hostOf(remote string) string {
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	return from.Addr().Unmap().String()
}

// credential is a token and where it came from. To check a signature takes a
// fifth of the time that the proxy takes for a request, and a tutor sends the
// same hundreds of times: those that were good are remembered until they expire.
type credential struct{ token, address string }

// maxVerified is more than there are sandboxes at once.
const maxVerified = 512

// identify finds out which session asks.
func (p *Proxy) identify(r *http.Request) (token.Claims, *refusal) {
	bearers, keys := r.Header["Authorization"], r.Header["X-Api-Key"]
	var text string
	switch {
	case len(bearers)+len(keys) == 0:
		return token.Claims{}, unknown(badCredential, "The request has no session token: start the tutor anew from the lab.")
	case len(bearers)+len(keys) > 1:
		return token.Claims{}, unknown(badCredential, "The request has more than one credential: send the session token once.")
	case len(keys) == 1:
		text = keys[0]
	default:
		scheme, rest, _ := strings.Cut(bearers[0], " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return token.Claims{}, unknown(badCredential, "The credential is no bearer token: send the session token.")
		}
		text = rest
	}
	who := credential{text, addressOf(r)}
	if claims, ok := p.verified.Get(who); ok && time.Now().Before(claims.Expires) {
		return claims, nil
	}
	claims, err := p.Verifier.Verify(who.token, who.address)
	switch {
	case err == nil:
		p.verified.Add(who, claims)
		return claims, nil
	case errors.Is(err, token.ErrExpired):
		return token.Claims{}, unknown(tokenExpired, "This session has ended: leave the tutor and choose the stage again.")
	case errors.Is(err, token.ErrElsewhere):
		return token.Claims{}, unknown(tokenMoved, "This session token belongs to another sandbox.")
	default:
		return token.Claims{}, unknown(tokenInvalid, "The credential is no session token of this lab: leave the tutor and choose the stage again.")
	}
}

func unknown(why reason, message string) *refusal {
	return &refusal{status: http.StatusUnauthorized, kind: "authentication_error", reason: why, message: message}
}
