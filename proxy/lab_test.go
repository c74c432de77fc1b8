package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"lectern/internal/lecterntest"
	"lectern/proxy/report"
	"lectern/proxy/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// realKey must be in no answer and no log.
const realKey = "the-real-key-of-the-lab"

// lab is a proxy before an upstream that remembers what reaches it.
type lab struct {
	t        *testing.T
	proxy    *Proxy
	address  string
	signer   *token.Signer
	upstream *upstream
	gateway  *fakeGateway
	registry *prometheus.Registry
	log      *lecterntest.Output
}

// newLab starts one. set may be nil.
func newLab(t *testing.T, set func(*Options)) *lab {
	t.Helper()
	signer, err := token.OpenSigner(filepath.Join(t.TempDir(), "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, signer: signer, upstream: newUpstream(t), gateway: &fakeGateway{}, registry: prometheus.NewRegistry(), log: &lecterntest.Output{}}
	target, err := url.Parse(l.upstream.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Upstream: target, Key: fixedKey{realKey}, Verifier: signer.Verifier(), Gateway: l.gateway, Reporter: l.gateway,
		Tools: []string{"Read", "Glob", "Grep"}, RequestsPerMinute: 6000, Concurrency: 100,
		Registerer: l.registry, Log: slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if set != nil {
		set(&o)
	}
	if l.proxy, err = New(o); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.address = listener.Addr().String()
	l.serve(listener)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := l.proxy.Shutdown(ctx); err != nil {
			t.Errorf("the proxy ends with %v", err)
		}
		if strings.Contains(l.log.String(), realKey) {
			t.Errorf("the key is in the log: %s", l.log)
		}
	})
	return l
}

// serve lets the proxy take connections from listener until the test is over.
func (l *lab) serve(listener net.Listener) {
	served := make(chan error, 1)
	go func() { served <- l.proxy.Serve(listener) }()
	l.t.Cleanup(func() {
		_ = listener.Close()
		if err := <-served; err != nil {
			l.t.Errorf("serving ends with %v", err)
		}
	})
}

func claims() token.Claims {
	return token.Claims{
		Login: "ada", Session: "0123456789abcdef", Pod: "lab-x", Address: "127.0.0.1",
		Course: "ssh", Stage: 2, Expires: time.Now().Add(time.Hour),
	}
}

// token makes a session token. change may be nil.
func (l *lab) token(change func(*token.Claims)) string {
	l.t.Helper()
	c := claims()
	if change != nil {
		change(&c)
	}
	text, err := l.signer.Sign(c)
	if err != nil {
		l.t.Fatal(err)
	}
	return text
}

// ask posts a body with a token and returns the answer, read to its end.
func (l *lab) ask(body string, change func(*http.Request)) (*http.Response, string) {
	l.t.Helper()
	res, err := l.post(body, change)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	l.harmless(res.Header, text)
	return res, string(text)
}

func (l *lab) post(body string, change func(*http.Request)) (*http.Response, error) {
	r, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, "http://"+l.address+"/v1/messages", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+l.token(nil))
	if change != nil {
		change(r)
	}
	return l.client().Do(r)
}

// client is one without connections that would outlive a request.
func (l *lab) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
}

// raw sends bytes as they are and reads one answer.
func (l *lab) raw(request string) (*http.Response, string) {
	l.t.Helper()
	conn, err := net.Dial("tcp", l.address)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	sent := make(chan struct{})
	go func() { // the answer may come before all is sent
		defer close(sent)
		_, _ = io.WriteString(conn, request)
	}()
	defer func() { _ = conn.Close(); <-sent }()
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: strings.SplitN(request, " ", 2)[0]})
	if err != nil {
		l.t.Fatalf("no answer to %.60q: %v", request, err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatalf("the answer to %.60q breaks off: %v", request, err)
	}
	l.harmless(res.Header, text)
	return res, string(text)
}

// harmless wants no key in an answer.
func (l *lab) harmless(h http.Header, text []byte) {
	l.t.Helper()
	if bytes.Contains(text, []byte(realKey)) {
		l.t.Errorf("the key is in the answer: %s", text)
	}
	for name, values := range h {
		if strings.Contains(strings.Join(values, " "), realKey) {
			l.t.Errorf("the key is in the header %s", name)
		}
	}
}

// refused wants an error in the API's shape and nothing at the upstream.
func (l *lab) refused(name string, res *http.Response, text string, status int, kind string) {
	l.t.Helper()
	if res.StatusCode != status {
		l.t.Errorf("%s: status %d, not %d: %s", name, res.StatusCode, status, text)
	}
	if n := l.upstream.count(); n > 0 {
		l.t.Fatalf("%s: reached the upstream %d times", name, n)
	}
	if got := kindOf(text); got != kind {
		l.t.Errorf("%s: the error is of the type %q, not %q: %s", name, got, kind, text)
	}
	if res.Header.Get("Content-Type") != "application/json" {
		l.t.Errorf("%s: it has the type %s", name, res.Header.Get("Content-Type"))
	}
}

// kindOf is the type of an error of the API, "" for what is none.
func kindOf(text string) string {
	var e errorBody
	if err := json.Unmarshal([]byte(text), &e); err != nil || e.Type != "error" || e.Error.Message == "" {
		return ""
	}
	return e.Error.Type
}

// upstream is a model's API that does what answer says.
type upstream struct {
	server *httptest.Server
	mu     sync.Mutex
	seen   []seen
	answer http.HandlerFunc
}

// seen is a request as it reached the upstream.
type seen struct {
	target string
	host   string
	header http.Header
	body   string
}

func newUpstream(t *testing.T) *upstream {
	u := &upstream{answer: plainAnswer}
	u.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		u.mu.Lock()
		u.seen = append(u.seen, seen{r.RequestURI, r.Host, r.Header.Clone(), string(body)})
		answer := u.answer
		u.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(u.server.Close)
	return u
}

func plainAnswer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"type":"message"}`)
}

func (u *upstream) answers(with http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answer = with
}

func (u *upstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.seen)
}

// last is the only request that has come.
func (u *upstream) last(t *testing.T) seen {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.seen) != 1 {
		t.Fatalf("%d requests reached the upstream", len(u.seen))
	}
	return u.seen[0]
}

// fakeGateway knows what it was told.
type fakeGateway struct {
	mu      sync.Mutex
	charged map[string]int64
	down    bool
	asked   int
	events  []report.Event
}

var errDown = errors.New("the gateway is down")

func (g *fakeGateway) Record(context.Context, []report.Event) error { return nil }

func (g *fakeGateway) ChargedToday(_ context.Context, login string) (int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	if g.down {
		return 0, errDown
	}
	return g.charged[login], nil
}

// Tell records at once.
func (g *fakeGateway) Tell(e report.Event) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, e)
	recorded := make(chan struct{})
	close(recorded)
	return recorded
}

func (g *fakeGateway) set(down bool, charged map[string]int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down, g.charged = down, charged
}
