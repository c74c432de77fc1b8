package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"lectern/web/api"
)

// TestNames: the page answers to its own name alone.
func TestNames(t *testing.T) {
	h := newHouse(t)
	for _, host := range []string{"elsewhere.example", "127.0.0.1", "127.0.0.1:1", "localhost:" + strings.Split(h.http.Listener.Addr().String(), ":")[1], h.http.Listener.Addr().String() + ".", ""} {
		for _, path := range []string{"/", "/api/me", "/api/openapi.yaml", "/style.css", "/nothing", "/healthz"} {
			r := h.stranger().get(path, func(r *http.Request) { r.Host = host; r.URL.Opaque = "" })
			if host == "" {
				continue // the client puts in the address
			}
			r.refused(http.StatusMisdirectedRequest, h.opts.PublicURL)
		}
		h.stranger().get("/health", func(r *http.Request) { r.Host = host }).want(http.StatusOK)
	}
}

// TestOtherNameInABrowser leads to the right one.
func TestOtherNameInABrowser(t *testing.T) {
	h := newHouse(t)
	as := func(r *http.Request) {
		r.Host = "127.0.0.1:1"
		r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	}
	r := h.stranger().get("/", as)
	r.want(http.StatusMisdirectedRequest)
	if link := `<a href="` + h.opts.PublicURL + `/">`; r.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(string(r.body), link) {
		t.Errorf("it has no %s: %s", link, r.body)
	}
	if policy := r.Header.Get("Content-Security-Policy"); policy != apiPolicy {
		t.Errorf("its policy is %q", policy)
	}
	if head := h.stranger().request(http.MethodHead, "/", nil, as); head.StatusCode != http.StatusMisdirectedRequest || len(head.body) > 0 {
		t.Errorf("HEAD is answered by %d: %s", head.StatusCode, head.body)
	}
	h.stranger().get("/api/me", as).refused(http.StatusMisdirectedRequest, h.opts.PublicURL)
	h.stranger().post("/", nil, as).refused(http.StatusMisdirectedRequest, h.opts.PublicURL)
}

// TestOtherSites: pages of other sites are refused, whatever they ask.
func TestOtherSites(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	for name, header := range map[string][2]string{
		"an origin":      {"Origin", "https://elsewhere.example"},
		"no origin":      {"Origin", "null"},
		"an empty one":   {"Origin", " "},
		"another scheme": {"Origin", strings.Replace(h.http.URL, "http", "https", 1)},
		"a fetch":        {"Sec-Fetch-Site", "cross-site"},
		"the same site":  {"Sec-Fetch-Site", "same-site"},
	} {
		as := func(r *http.Request) { r.Header.Set(header[0], header[1]) }
		if header[1] == " " {
			as = func(r *http.Request) { r.Header["Origin"] = []string{" "} }
		}
		r := b.post("/api/sessions", map[string]string{"course": "tides"}, as)
		if header[1] == " " { // is none, once spaces are gone
			r.want(http.StatusCreated)
			continue
		}
		r.refused(http.StatusForbidden, "other sites")
		b.request(http.MethodDelete, "/api/me", nil, as).refused(http.StatusForbidden, "other sites")
		h.stranger().post("/api/sign-in", map[string]string{"code": h.code(ada)}, as).refused(http.StatusForbidden, "other sites")
		for field := range r.Header {
			if strings.HasPrefix(field, "Access-Control") {
				t.Errorf("%s is answered with %s", name, field)
			}
		}
	}
	b.get("/api/me").want(http.StatusOK)
	b.post("/api/sessions", map[string]string{"course": "tides"}, func(r *http.Request) {
		r.Header.Set("Origin", h.http.URL)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}).want(http.StatusCreated)
}

// TestFrontEnds are the pages of other origins that are named, and no others.
func TestFrontEnds(t *testing.T) {
	h := newHouse(t, func(o *Options, _ *pace) {
		o.Origins = []string{"https://App.example.org:443", "http://app.example.org:8081"}
	})
	b := h.visit(ada)
	for _, origin := range []string{"https://app.example.org", "http://app.example.org:8081"} {
		as := func(r *http.Request) {
			r.Header.Set("Origin", origin)
			r.Header.Set("Sec-Fetch-Site", "same-site")
		}
		r := b.request(http.MethodOptions, "/api/sessions", nil, as, func(r *http.Request) {
			r.Header.Set("Access-Control-Request-Method", "POST")
			r.Header.Set("Access-Control-Request-Headers", "content-type")
		})
		r.want(http.StatusNoContent)
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Headers": "Content-Type",
			"Access-Control-Allow-Methods": "GET, POST, DELETE", "Vary": "Origin",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		r = b.post("/api/sessions", map[string]string{"course": "tides"}, as)
		r.want(http.StatusCreated)
		if r.Header.Get("Access-Control-Allow-Origin") != origin || !strings.Contains(r.Header.Get("Access-Control-Expose-Headers"), "Location") {
			t.Errorf("the page cannot read the answer: %v", r.Header)
		}
		own := h.visit(ada)
		own.header.Set("Origin", origin)
		own.enter("/ws")
	}
	for _, origin := range []string{
		"http://app.example.org", "https://app.example.org:8081", "https://app.example.org.evil.example", "https://evil-app.example.org",
		"https://app.example.org/", "https://app.example.org:443", "HTTPS://APP.EXAMPLE.ORG", "null", "*",
	} {
		as := func(r *http.Request) { r.Header.Set("Origin", origin) }
		for _, method := range []string{http.MethodOptions, http.MethodGet} {
			r := b.request(method, "/api/me", nil, as)
			r.refused(http.StatusForbidden, "other sites")
			if r.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s may read the answer", origin)
			}
		}
	}
}

// TestForwardedFor: what a browser says of its address counts for nothing, unless
// a proxy of ours says it.
func TestForwardedFor(t *testing.T) {
	local := netip.MustParsePrefix("127.0.0.0/8")
	ingress := netip.MustParsePrefix("10.42.0.0/16")
	cases := map[string]struct {
		proxies   []netip.Prefix
		forwarded []string
		want      string
	}{
		"none is believed":               {nil, []string{"203.0.113.7"}, "127.0.0.1"},
		"nor that of another proxy":      {[]netip.Prefix{ingress}, []string{"203.0.113.7"}, "127.0.0.1"},
		"a proxy's":                      {[]netip.Prefix{local}, []string{"203.0.113.7"}, "203.0.113.7"},
		"the one that the proxy added":   {[]netip.Prefix{local}, []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		"in a header of its own":         {[]netip.Prefix{local}, []string{"198.51.100.1", "203.0.113.7"}, "203.0.113.7"},
		"behind two proxies":             {[]netip.Prefix{local, ingress}, []string{"198.51.100.1, 203.0.113.7, 10.42.3.4"}, "203.0.113.7"},
		"nobody but proxies":             {[]netip.Prefix{local, ingress}, []string{"10.42.3.4"}, "10.42.3.4"},
		"nonsense":                       {[]netip.Prefix{local}, []string{"203.0.113.7, unknown"}, "127.0.0.1"},
		"nothing":                        {[]netip.Prefix{local}, nil, "127.0.0.1"},
		"of the sixth version":           {[]netip.Prefix{local}, []string{"2001:db8::7"}, "2001:db8::7"},
		"of the fourth within the sixth": {[]netip.Prefix{local}, []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(o *Options, _ *pace) { o.Proxies = c.proxies })
			b := h.stranger()
			for _, value := range c.forwarded {
				b.header.Add("X-Forwarded-For", value)
			}
			r := b.post("/api/sign-in", map[string]string{"code": h.code(ada)})
			b.cookie = r.cookie()
			own, err := h.server.Browsers("ada")
			if err != nil || len(own) != 1 || own[0].From != c.want {
				t.Errorf("it came from %v, %v, want %s", own, err, c.want)
			}
			b.enter("/ws")
			if from := h.gateway.from[0]; !strings.HasPrefix(strings.Trim(from, "["), c.want) {
				t.Errorf("the gateway sees %s, want %s", from, c.want)
			}
		})
	}
}

// TestGuessesOfManyAddresses: those of one household count as one, and what is
// said of an address does not.
func TestGuessesOfManyAddresses(t *testing.T) {
	h := newHouse(t, func(o *Options, _ *pace) { o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	guess := func(from string) *answered {
		return h.stranger().post("/api/sign-in", map[string]string{"code": "x"}, func(r *http.Request) { r.Header.Set("X-Forwarded-For", from) })
	}
	for range guessesAtOnce {
		guess("2001:db8:0:1::1").want(http.StatusUnauthorized)
	}
	guess("2001:db8:0:1:ffff::2").want(http.StatusTooManyRequests)
	guess("2001:db8:0:2::1").want(http.StatusUnauthorized)
	g := newGuesses(h.clock.now)
	addr := netip.MustParseAddr("10.0.0.0")
	for range mostGuessers + 5 {
		addr = addr.Next()
		if !g.failed(addr) {
			t.Fatalf("the first guess of %s is too much", addr)
		}
	}
	if len(g.by) > mostGuessers {
		t.Errorf("%d addresses are remembered", len(g.by))
	}
}

// TestHeaders are there on all that is answered.
func TestHeaders(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	for _, path := range []string{"/", "/main.js", "/nothing", "/api/me", "/api/none", "/ws", "/a/../b", "//x"} {
		r := b.get(path)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s of %s is %q, want %q", name, path, got, want)
			}
		}
		if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("the policy of %s is %q", path, csp)
		}
		if r.Header.Get("Strict-Transport-Security") != "" || r.Header.Get("Cross-Origin-Opener-Policy") != "" {
			t.Errorf("a page without TLS has headers that are for TLS")
		}
	}
}

// TestAddresses that no page can have.
func TestAddresses(t *testing.T) {
	for _, address := range []string{
		"", "lab.example.org", "ftp://lab.example.org", "https://", "https://lab.example.org/path", "https://u@lab.example.org",
		"https://lab.example.org?x", "https://lab.example.org/#x", "https://lab.example.org:port", "//lab.example.org",
	} {
		for _, o := range []Options{{PublicURL: address}, {PublicURL: "http://lab.example.org", Origins: []string{address}}} {
			o.Path, o.Log = filepath.Join(t.TempDir(), "browsers.db"), slog.New(slog.DiscardHandler)
			if s, err := New(o); err == nil {
				t.Errorf("%+v make a page", o)
				_ = s.Close()
			}
		}
	}
}

// TestEveryRefusalHasAStatus, or the answer would panic.
func TestEveryRefusalHasAStatus(t *testing.T) {
	for _, kind := range []api.RefusedKind{api.NotFound, api.Forbidden, api.Conflict, api.Unavailable, api.Unwelcome} {
		if statusOf[kind] < 400 {
			t.Errorf("%s has none", kind)
		}
	}
}
