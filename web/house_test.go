package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lectern/gateway/auth"
	"lectern/internal/lecterntest"
	"lectern/web/api"
)

// patience is how long anything may take that a test waits for.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	status := m.Run()
	if status == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
		if missing := undescribed(); len(missing) > 0 && !filtered() {
			fmt.Fprintln(os.Stderr, "openapi.yaml describes what no test has seen:", strings.Join(missing, ", "))
			status = 1
		}
	}
	os.Exit(status)
}

// clock is the real one, moved.
type clock struct {
	mu    sync.Mutex
	moved time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.moved)
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

// house is a page that is served, with a gateway behind it that does what the
// test says.
type house struct {
	t       *testing.T
	server  *Server
	gateway *double
	clock   *clock
	log     *lecterntest.Output
	http    *httptest.Server
	path    string // of the browsers
	opts    Options
	change  []func(*Options, *pace)
}

// newHouse serves a page. What changes its options may change its pace too.
func newHouse(t *testing.T, change ...func(*Options, *pace)) *house {
	t.Helper()
	h := &house{
		t: t, gateway: newDouble(t), clock: &clock{}, log: &lecterntest.Output{},
		path: filepath.Join(t.TempDir(), "browsers.db"), change: change,
	}
	h.open("")
	t.Cleanup(func() {
		h.close()
		h.gateway.close()
	})
	return h
}

// open begins to serve, at an address or at any.
func (h *house) open(address string) {
	h.t.Helper()
	var handler http.Handler
	h.http = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	if address != "" {
		_ = h.http.Listener.Close()
		h.http.Listener = listenAt(h.t, address)
	}
	h.opts = Options{
		PublicURL: "http://" + h.http.Listener.Addr().String(), SignInFor: 7 * 24 * time.Hour, Path: h.path,
		SSHLogin: "lab", SSHPort: 2222, Now: h.clock.now, Log: slog.New(slog.NewTextHandler(h.log, nil)),
	}
	quick := everyday
	quick.closing = 2 * time.Second
	for _, c := range h.change {
		c(&h.opts, &quick)
	}
	var err error
	if h.server, err = New(h.opts); err != nil {
		h.t.Fatal(err)
	}
	h.server.pace = quick
	if handler, err = h.server.Handler(h.gateway); err != nil {
		h.t.Fatal(err)
	}
	h.http.Listener = h.server.Listener(h.http.Listener)
	h.http.Start()
}

// close ends the server as the gateway's program does: first what takes
// requests, then the page.
func (h *house) close() {
	h.http.CloseClientConnections()
	_ = h.http.Config.Close()
	if err := h.server.Close(); err != nil {
		h.t.Error(err)
	}
	h.http.Close()
}

// ada is the learner of most tests.
var ada = auth.Identity{Login: "ada", Via: auth.ViaGitHub, Fingerprint: "SHA256:ada"}

// code gives what is behind the # of a new link.
func (h *house) code(who auth.Identity) string {
	h.t.Helper()
	invitation, err := h.server.Invite(who)
	if err != nil {
		h.t.Fatal(err)
	}
	base, code, _ := strings.Cut(invitation.URL, "#")
	if base != h.opts.PublicURL+"/" || len(code) != 22 {
		h.t.Fatalf("the link is %s", invitation.URL)
	}
	return code
}

// browser is one that visits the page, signed in or not.
type visiting struct {
	*house
	cookie *http.Cookie
	header http.Header             // that it sends always
	link   func(net.Conn) net.Conn // what its WebSockets go through; nil: nothing
}

func (h *house) stranger() *visiting { return &visiting{house: h, header: http.Header{}} }

// visit signs a browser in.
func (h *house) visit(who auth.Identity) *visiting {
	h.t.Helper()
	b := h.stranger()
	r := b.post("/api/sign-in", map[string]string{"code": h.code(who)})
	r.want(http.StatusNoContent)
	b.cookie = r.cookie()
	if b.cookie == nil {
		h.t.Fatal("there is no cookie")
	}
	return b
}

// answered is the answer to a call.
type answered struct {
	t *testing.T
	*http.Response
	what string
	body []byte
}

// request makes a call; a body that is no []byte is sent as JSON.
func (b *visiting) request(method, path string, body any, change ...func(*http.Request)) *answered {
	b.t.Helper()
	var content io.Reader
	switch v := body.(type) {
	case nil:
	case []byte:
		content = bytes.NewReader(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			b.t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, b.http.URL+path, content)
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	if b.cookie != nil {
		r.AddCookie(&http.Cookie{Name: b.cookie.Name, Value: b.cookie.Value})
	}
	for _, c := range change {
		c(r)
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	a := &answered{t: b.t, Response: answer, what: method + " " + path, body: text}
	a.compare(r)
	return a
}

func (b *visiting) get(path string, change ...func(*http.Request)) *answered {
	b.t.Helper()
	return b.request(http.MethodGet, path, nil, change...)
}

func (b *visiting) post(path string, body any, change ...func(*http.Request)) *answered {
	b.t.Helper()
	return b.request(http.MethodPost, path, body, change...)
}

func (a *answered) want(status int) {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Errorf("%s is answered by %d, want %d: %s", a.what, a.StatusCode, status, a.body)
	}
}

// refused wants a problem whose sentence has words.
func (a *answered) refused(status int, words string) {
	a.t.Helper()
	a.want(status)
	var p api.Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		a.t.Errorf("%s: %v: %s", a.what, err, a.body)
		return
	}
	if p.Status != status || p.Title != http.StatusText(status) || p.Type != "about:blank" || a.Header.Get("Content-Type") != "application/problem+json" {
		a.t.Errorf("%s: %s is no whole problem", a.what, a.body)
	}
	if !strings.Contains(p.Detail, words) || !strings.HasSuffix(p.Detail, ".") {
		a.t.Errorf("%s is refused with %q, want a sentence with %q", a.what, p.Detail, words)
	}
}

// into reads the answer.
func (a *answered) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
}

func (a *answered) cookie() *http.Cookie {
	for _, c := range a.Cookies() {
		return c
	}
	return nil
}

// at is the address of a path for a WebSocket.
func (h *house) at(path string) string {
	u, err := url.Parse(h.http.URL + path)
	if err != nil {
		h.t.Fatal(err)
	}
	u.Scheme = "ws"
	return u.String()
}
