package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"lectern/proxy/token"
)

func TestWhatReachesTheUpstream(t *testing.T) {
	l := newLab(t, nil)
	bearer := l.token(nil)
	request := rawRequest{
		line: "POST /v1/messages?beta=true HTTP/1.1",
		headers: []string{
			"Host: evil.example", "x-api-key: TOKEN", "Connection: keep-alive", "Content-Type: text/plain",
			"Anthropic-Version: 2023-06-01", "Anthropic-Beta: a,b", "User-Agent: claude-cli/2", "X-Stainless-Lang: js", "X-App: cli",
			"X-Claude-Code-Session-Id: 1", "Accept: application/json", "Accept-Encoding: gzip, br",
			"Cookie: a=b", "Proxy-Authorization: Basic eDp5", "Proxy-Connection: keep-alive", "X-Forwarded-For: 10.0.0.1",
			"X-Forwarded-Host: evil.example", "Forwarded: for=10.0.0.1", "Via: 1.1 x", "Idempotency-Key: 1", "X-Http-Method-Override: DELETE",
			"Keep-Alive: timeout=5", "Origin: http://evil.example", "X-Goog-Api-Key: k", "Content-Encoding: identity",
		},
		body: ` {"model": "claude-x", "new" : 1.0, "messages":[]} `,
	}
	if res, text := l.raw(request.text(bearer)); res.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", res.StatusCode, text)
	}
	got := l.upstream.last(t)
	if got.target != "/v1/messages?beta=true" || got.host != strings.TrimPrefix(l.upstream.server.URL, "http://") {
		t.Errorf("asked for %s of %s", got.target, got.host)
	}
	if got.body != request.body {
		t.Errorf("the body has become %q", got.body)
	}
	want := http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"identity"}, "Anthropic-Beta": {"a,b"}, "Anthropic-Version": {"2023-06-01"},
		"Content-Length": {fmt.Sprint(len(request.body))}, "Content-Type": {"application/json"}, "User-Agent": {"claude-cli/2"},
		"X-Api-Key": {realKey}, "X-App": {"cli"}, "X-Claude-Code-Session-Id": {"1"}, "X-Stainless-Lang": {"js"},
	}
	for name := range got.header {
		if !slices.Equal(got.header[name], want[name]) {
			t.Errorf("the upstream sees %s: %q", name, got.header[name])
		}
	}
	for name := range want {
		if _, ok := got.header[name]; !ok {
			t.Errorf("the upstream does not see %s", name)
		}
	}
}

func TestUpstreamWithAPath(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Upstream = o.Upstream.JoinPath("/anthropic/") })
	if res, text := l.ask(okBody, func(r *http.Request) { r.URL.Path += "/count_tokens" }); res.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", res.StatusCode, text)
	}
	if got := l.upstream.last(t).target; got != "/anthropic/v1/messages/count_tokens" {
		t.Errorf("asked for %s", got)
	}
}

// TestEventsPassAtOnce: the upstream goes on only once the client has the event
// before.
func TestEventsPassAtOnce(t *testing.T) {
	l := newLab(t, nil)
	have := make(chan struct{})
	l.upstream.answers(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "event: ping\ndata: {\"type\":\"ping\",\"n\":%d}\n\n", i)
			w.(http.Flusher).Flush()
			select {
			case <-have:
			case <-r.Context().Done():
				return
			}
		}
	})
	res, err := l.post(okBody, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	for i := range 3 {
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
		}
		if want := fmt.Sprintf(`"n":%d}`, i); !strings.HasSuffix(lines.Text(), want) {
			t.Fatalf("event %d is %q", i, lines.Text())
		}
		have <- struct{}{}
	}
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream ends with %v", err)
	}
}

func TestHeadersOfAnAnswer(t *testing.T) {
	l := newLab(t, nil)
	l.upstream.answers(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Link", "<x>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		h.Del("Link")
		for _, name := range []string{
			"Anthropic-Organization-Id", "Anthropic-Ratelimit-Tokens-Remaining", "Set-Cookie", "Server", "Cf-Ray", "Via", "Alt-Svc",
			"X-Envoy-Upstream-Service-Time", "Strict-Transport-Security", "Link",
		} {
			h.Set(name, "secret of the upstream")
		}
		h.Set("Trailer", "X-Later")
		h.Set("Content-Type", "application/json")
		h.Set("Request-Id", "req_1")
		h.Set("X-Should-Retry", r.Header.Get("X-Api-Key")) // an echo
		_, _ = io.WriteString(w, `{"type":"message"}`)
		h.Set("X-Later", "secret of the upstream")
		h.Set(http.TrailerPrefix+"X-Unannounced", "secret of the upstream")
	})
	res, text := l.raw(rawRequest{body: okBody}.text(l.token(nil)))
	if res.StatusCode != http.StatusOK || text != `{"type":"message"}` {
		t.Fatalf("status %d: %s", res.StatusCode, text)
	}
	for _, all := range []http.Header{res.Header, res.Trailer} {
		for name, values := range all {
			if strings.Contains(strings.Join(values, " "), "secret of") {
				t.Errorf("the client sees %s", name)
			}
		}
	}
	if res.Header.Get("Request-Id") != "req_1" || res.Header.Get("X-Should-Retry") != "" || len(res.Trailer) > 0 {
		t.Errorf("the header is %v, the trailer %v", res.Header, res.Trailer)
	}
}

func TestErrorsOfTheUpstreamPassUnchanged(t *testing.T) {
	l := newLab(t, nil)
	const text = `{"type":"error", "error":{"type":"overloaded_error","message":"Overloaded"}, "request_id":"req_2"}`
	for _, status := range []int{400, 404, 413, 429, 500, 529} {
		l.upstream.answers(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Retry-After", "7")
			w.Header().Set("X-Should-Retry", "true")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		})
		res, got := l.ask(okBody, nil)
		if res.StatusCode != status || got != text || res.Header.Get("Retry-After") != "7" || res.Header.Get("X-Should-Retry") != "true" {
			t.Errorf("%d has become %d, %v: %s", status, res.StatusCode, res.Header, got)
		}
	}
}

// The key is the lab's, and no learner can do anything about it.
func TestARefusedKeyIsNoMatterOfTheLearners(t *testing.T) {
	l := newLab(t, nil)
	for _, status := range []int{401, 403} {
		l.upstream.answers(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`)
		})
		res, text := l.ask(okBody, nil)
		if res.StatusCode != http.StatusBadGateway || kindOf(text) != "api_error" || res.Header.Get("X-Should-Retry") != "false" || !strings.Contains(text, "tell your instructor") {
			t.Errorf("%d has become %d, %v: %s", status, res.StatusCode, res.Header, text)
		}
		if !strings.Contains(l.log.String(), "look at proxy.api_key_file") {
			t.Errorf("the log says %s", l.log)
		}
		// The alert LecternAPIKeyRefused goes by it.
		l.proxy.running.Wait()
		if got := testutil.ToFloat64(l.proxy.metrics.upstreams.WithLabelValues(fmt.Sprintf("status_%d", status))); got != 1 {
			t.Errorf("%d is counted %v times", status, got)
		}
	}
}

// TestAnswersThatAreNotTheAPIs are refused in the API's shape.
func TestAnswersThatAreNotTheAPIs(t *testing.T) {
	l := newLab(t, nil)
	for name, answer := range map[string]http.HandlerFunc{
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://evil.example/v1/messages", http.StatusTemporaryRedirect)
		},
		"gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte{0x1f, 0x8b})
		},
		"a page": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>Sign in to the network</html>")
		},
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"the key in an error": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"type":"error","error":{"message":"no such key: %s"}}`, r.Header.Get("X-Api-Key"))
		},
		"an endless error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, strings.Repeat("x", maxError+1))
		},
		"another protocol": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "x")
			w.WriteHeader(http.StatusSwitchingProtocols)
		},
		"nothing": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		l.upstream.answers(answer)
		res, text := l.ask(okBody, nil)
		if res.StatusCode != http.StatusBadGateway || kindOf(text) != "api_error" {
			t.Errorf("%s: status %d: %s", name, res.StatusCode, text)
		}
	}
}

func TestUpstreamThatIsDown(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	l := newLab(t, func(o *Options) { o.Upstream = &url.URL{Scheme: "http", Host: closed.Addr().String()} })
	res, text := l.ask(okBody, nil)
	l.refused("down", res, text, http.StatusBadGateway, "api_error")
	if !strings.Contains(text, "cannot be reached") {
		t.Errorf("the learner is told: %s", text)
	}
}

// TestAnswerThatBreaksOff is seen as such by the client.
func TestAnswerThatBreaksOff(t *testing.T) {
	l := newLab(t, nil)
	l.upstream.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: ping\n\n")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	res, err := l.post(okBody, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if text, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("the client takes it for all: %q", text)
	}
}

// TestClientThatGoes ends the request at the upstream.
func TestClientThatGoes(t *testing.T) {
	l := newLab(t, nil)
	ended := make(chan struct{})
	l.upstream.answers(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: ping\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(ended)
	})
	res, err := l.post(okBody, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	<-ended
}

func TestUnixSocket(t *testing.T) {
	l := newLab(t, nil)
	path := t.TempDir() + "/proxy.sock"
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.serve(listener) // while the other is being served
	ask := func(bearer string) int {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, rawRequest{body: okBody}.text(bearer))
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	for want, address := range map[int]string{200: "unix:" + path, 401: "unix:" + path + "2"} {
		if got := ask(l.token(func(c *token.Claims) { c.Address = address })); got != want {
			t.Errorf("a token of %s is answered with %d", address, got)
		}
	}
	if got := ask(l.token(nil)); got != 401 {
		t.Errorf("a token of a TCP address is answered with %d", got)
	}
}
