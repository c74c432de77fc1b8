package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// origin reads the address of a site as browsers write its origin (RFC 6454):
// what is compared with theirs has to be written alike.
func origin(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	port, known := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	if !known || u.Host == "" || u.User != nil || strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q has to be written like https://lab.example.org", text)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.TrimSuffix(strings.ToLower(u.Host), port)}, nil
}

// guard lets in what is meant for this page and comes from it. A page elsewhere
// can make a browser send anything here, with the learner's cookie where it is on
// the same site, and a name that resolves to this machine for a moment makes it
// this page for the browser: so both names are compared, and exactly.
func (s *Server) guard(next http.Handler) (http.Handler, error) {
	// Browsers that send no Origin say in another way where a request comes from.
	protection := http.NewCrossOriginProtection()
	for _, origin := range s.opts.Origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("allow the origin %q: %w", origin, err)
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, crossSite)
	}))
	next = protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", apiPolicy)
		if s.public.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
			// Without TLS browsers ignore this one, and complain of it.
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
		}
		if !strings.EqualFold(r.Host, s.public.Host) {
			s.refuseName(w, r)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" && !s.ownOrigin(origin) {
			if !slices.Contains(s.opts.Origins, origin) {
				refuse(w, http.StatusForbidden, crossSite)
				return
			}
			allow(h, origin)
			if r.Method == http.MethodOptions {
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, r)
	}), nil
}

// apiPolicy is for what is no page: nothing may come of it in a browser.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'"

const crossSite = "Pages of other sites may not use this one."

// ownOrigin is for browsers on this very page.
func (s *Server) ownOrigin(origin string) bool {
	return strings.EqualFold(origin, s.public.Scheme+"://"+s.public.Host)
}

// allow tells the browser that a front end of another origin may read the
// answer, and ask with the learner's cookie (Fetch standard, CORS protocol).
func allow(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", "Content-Type")
	h.Set("Access-Control-Expose-Headers", "Location, Retry-After")
	h.Set("Access-Control-Max-Age", "600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Add("Vary", "Origin")
}

// from is the address of a browser: the peer's, or where that is a proxy of
// ours, the last one that no such proxy has.
func (s *Server) from(r *http.Request) netip.AddrPort {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.AddrPort{}
	}
	peer = netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())
	if !s.isProxy(peer.Addr()) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		peer = netip.AddrPortFrom(addr.Unmap(), 0)
		if !s.isProxy(addr.Unmap()) {
			break
		}
	}
	return peer
}

func (s *Server) isProxy(addr netip.Addr) bool {
	return slices.ContainsFunc(s.opts.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

func tcpAddr(from netip.AddrPort) net.Addr { return net.TCPAddrFromAddrPort(from) }
