package proxy

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"lectern/proxy/token"
)

const okBody = `{"model":"claude-x","messages":[{"role":"user","content":"hi"}]}`

// rawRequest is a request byte by byte. "TOKEN" in headers is a good one.
type rawRequest struct {
	line    string // of the request
	headers []string
	body    string
	length  string // of the body, if it lies
}

func (r rawRequest) text(bearer string) string {
	var b strings.Builder
	line := r.line
	if line == "" {
		line = "POST /v1/messages HTTP/1.1"
	}
	fmt.Fprintf(&b, "%s\r\n", line)
	if !strings.Contains(strings.Join(r.headers, "\n"), "Host:") {
		b.WriteString("Host: proxy\r\n")
	}
	if r.headers == nil {
		b.WriteString("Authorization: Bearer " + bearer + "\r\n")
	}
	for _, h := range r.headers {
		b.WriteString(strings.ReplaceAll(h, "TOKEN", bearer) + "\r\n")
	}
	length := r.length
	if length == "" {
		length = strconv.Itoa(len(r.body))
	}
	if length != "none" {
		b.WriteString("Content-Length: " + length + "\r\n")
	}
	b.WriteString("\r\n" + r.body)
	return b.String()
}

const auth = "Authorization: Bearer TOKEN"

// targetsOfOthers all answer 404, however near they come.
var targetsOfOthers = []string{
	"/v1/messages/batches", "/v1/messages/", "/v1/messages/../files", "/v1/messages/..%2ffiles", "/%2e%2e/v1/messages",
	"/v1%2fmessages", "/v1%2Fmessages", "/v1/%6dessages", "/v1//messages", "//v1/messages", "/./v1/messages", "/v1/./messages",
	"/v1/x/../messages", "/v1/messages/count_tokens/", "/v1/messages/count_tokens/..", "/v1/messages%2fcount_tokens",
	"/v1/messages;x", "/v1/messages#x", "/V1/messages", "/v1/Messages", "/v1/messages%00", "/v1/messages%20", "/v1/messages%3Fbeta=true",
	"/v1/files", "/v1/models", "/v1/complete", "/v1/organizations", "/v1/skills", "/v1/files/file_1/content", "/", "/healthz", "/metrics",
	"http://api.anthropic.com/v1/messages", "http://proxy/v1/messages", "https://proxy/v1/messages", "http:///v1/messages",
	"//evil.example/v1/messages", "\\v1\\messages", "/v1\\messages",
}

func TestOtherTargets(t *testing.T) {
	l := newLab(t, nil)
	bearer := l.token(nil)
	for _, target := range targetsOfOthers {
		request := rawRequest{line: "POST " + target + " HTTP/1.1", body: okBody}
		res, text := l.raw(request.text(bearer))
		switch { // what is no target at all is net/http's to refuse
		case strings.HasPrefix(target, "\\"), target == "http:///v1/messages":
			if res.StatusCode == http.StatusBadRequest {
				l.refused(target, res, text, http.StatusBadRequest, "invalid_request_error")
				continue
			}
		}
		l.refused(target, res, text, http.StatusNotFound, "not_found_error")
	}
}

func TestRefusedBeforeTheUpstream(t *testing.T) {
	l := newLab(t, nil)
	bearer := l.token(nil)
	with := func(headers ...string) rawRequest {
		return rawRequest{headers: append([]string{auth}, headers...), body: okBody}
	}
	line := func(text string) rawRequest { return rawRequest{line: text, body: okBody} }
	const (
		badRequest = "invalid_request_error"
		unknown    = "authentication_error"
	)
	for name, c := range map[string]struct {
		request rawRequest
		status  int
		kind    string
	}{
		"GET":                 {line("GET /v1/messages HTTP/1.1"), 405, badRequest},
		"PUT":                 {line("PUT /v1/messages HTTP/1.1"), 405, badRequest},
		"DELETE":              {line("DELETE /v1/messages HTTP/1.1"), 405, badRequest},
		"OPTIONS":             {line("OPTIONS /v1/messages HTTP/1.1"), 405, badRequest},
		"post in small":       {line("post /v1/messages HTTP/1.1"), 405, badRequest},
		"OPTIONS *":           {line("OPTIONS * HTTP/1.1"), 404, "not_found_error"},
		"POST *":              {line("POST * HTTP/1.1"), 404, "not_found_error"},
		"CONNECT":             {line("CONNECT api.anthropic.com:443 HTTP/1.1"), 404, "not_found_error"},
		"authority as POST":   {line("POST api.anthropic.com:443 HTTP/1.1"), 404, "not_found_error"},
		"list of models":      {line("GET /v1/models HTTP/1.1"), 404, "not_found_error"},
		"HTTP/3":              {line("POST /v1/messages HTTP/3.0"), 505, badRequest},
		"query":               {line("POST /v1/messages?beta=false HTTP/1.1"), 400, badRequest},
		"two queries":         {line("POST /v1/messages?beta=true&x=1 HTTP/1.1"), 400, badRequest},
		"encoded query":       {line("POST /v1/messages?%62eta=true HTTP/1.1"), 400, badRequest},
		"empty query":         {line("POST /v1/messages? HTTP/1.1"), 400, badRequest},
		"space in target":     {line("POST /v1/messages /x HTTP/1.1"), 400, badRequest},
		"two hosts":           {with("Host: proxy", "Host: api.anthropic.com"), 400, badRequest},
		"host with a path":    {with("Host: api.anthropic.com/v1/files"), 400, badRequest},
		"host with a user":    {with("Host: user@api.anthropic.com"), 400, badRequest},
		"host with a comma":   {with("Host: proxy,api.anthropic.com"), 400, badRequest},
		"connection tricks":   {with("Connection: x-api-key"), 400, badRequest},
		"connection tricks 2": {with("Connection: keep-alive, authorization"), 400, badRequest},
		"upgrade":             {with("Connection: Upgrade", "Upgrade: websocket"), 400, badRequest},
		"upgrade alone":       {with("Upgrade: h2c"), 400, badRequest},
		"trailer":             {with("Trailer: X-Api-Key"), 400, badRequest},
		"TE":                  {with("TE: trailers"), 400, badRequest},
		"strange expectation": {with("Expect: 200-ok"), 417, badRequest},
		"space before colon":  {with("X-Api-Key : y"), 400, badRequest},
		"nul in a header":     {with("X-A: a\x00b"), 400, badRequest},
		"huge header":         {with("X-A: " + strings.Repeat("a", maxHeader+8<<10)), 431, badRequest},
		"chunks and a length": {rawRequest{headers: []string{auth, "Transfer-Encoding: chunked"}, length: "5", body: "5\r\nhello\r\n0\r\n\r\n"}, 411, badRequest},
		"chunks":              {rawRequest{headers: []string{auth, "Transfer-Encoding: chunked"}, length: "none", body: "2\r\n{}\r\n0\r\n\r\n"}, 411, badRequest},
		"gzip as coding":      {rawRequest{headers: []string{auth, "Transfer-Encoding: gzip, chunked"}, length: "none", body: "0\r\n\r\n"}, 501, badRequest},
		"two codings":         {rawRequest{headers: []string{auth, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"}, length: "none"}, 501, badRequest},
		"two lengths":         {with("Content-Length: 3"), 400, badRequest},
		"a length with plus":  {rawRequest{length: "+5", body: "hello"}, 400, badRequest},
		"no body":             {rawRequest{}, 400, badRequest},
		"gzip":                {with("Content-Encoding: gzip"), 415, badRequest},
		"two encodings":       {with("Content-Encoding: identity", "Content-Encoding: gzip"), 415, badRequest},
		"no credential":       {rawRequest{headers: []string{"X-A: b"}, body: okBody}, 401, unknown},
		"empty credential":    {rawRequest{headers: []string{"Authorization:"}, body: okBody}, 401, unknown},
		"basic":               {rawRequest{headers: []string{"Authorization: Basic TOKEN"}, body: okBody}, 401, unknown},
		"two credentials":     {with("X-Api-Key: TOKEN"), 401, unknown},
		"two bearers":         {with(auth), 401, unknown},
		"two keys":            {rawRequest{headers: []string{"X-Api-Key: TOKEN", "X-Api-Key: TOKEN"}, body: okBody}, 401, unknown},
		"other than token":    {rawRequest{headers: []string{"X-Api-Key: sk-something"}, body: okBody}, 401, unknown},
		"the key itself":      {rawRequest{headers: []string{"X-Api-Key: " + realKey}, body: okBody}, 401, unknown},
		"token and more":      {rawRequest{headers: []string{auth + " more"}, body: okBody}, 401, unknown},
	} {
		res, text := l.raw(c.request.text(bearer))
		l.refused(name, res, text, c.status, c.kind)
	}
}

func TestNoHost(t *testing.T) {
	l := newLab(t, nil)
	res, text := l.raw("POST /v1/messages HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
	l.refused("no host", res, text, http.StatusBadRequest, "invalid_request_error")
}

func TestLongBody(t *testing.T) {
	l := newLab(t, nil)
	bearer := l.token(nil)
	res, text := l.raw(rawRequest{body: `{"x":"` + strings.Repeat("a", 33<<20) + `"}`}.text(bearer))
	l.refused("33 MiB", res, text, http.StatusRequestEntityTooLarge, "request_too_large")
	// One that only says so need not be sent to be refused.
	res, text = l.raw(rawRequest{length: "99999999999"}.text(bearer))
	l.refused("said to be long", res, text, http.StatusRequestEntityTooLarge, "request_too_large")
}

func TestTokensOfOthers(t *testing.T) {
	l := newLab(t, nil)
	stranger := newLab(t, nil)
	for name, c := range map[string]struct {
		bearer string
		words  string
	}{
		"of another gateway": {stranger.token(nil), "no session token"},
		"of another Pod":     {l.token(func(c *token.Claims) { c.Address = "127.0.0.2" }), "another sandbox"},
		"of a socket":        {l.token(func(c *token.Claims) { c.Address = "unix:/run/x" }), "another sandbox"},
		"expired":            {l.token(func(c *token.Claims) { c.Expires = c.Expires.AddDate(0, 0, -1) }), "has ended"},
	} {
		// Where it comes from is not for the client to say.
		request := rawRequest{headers: []string{auth, "X-Forwarded-For: 127.0.0.2", "Forwarded: for=127.0.0.2", "X-Real-Ip: 127.0.0.2"}, body: okBody}
		res, text := l.raw(request.text(c.bearer))
		l.refused(name, res, text, http.StatusUnauthorized, "authentication_error")
		if !strings.Contains(text, c.words) {
			t.Errorf("%s: %s", name, text)
		}
		if strings.Contains(l.log.String(), c.bearer) || strings.Contains(text, c.bearer) {
			t.Errorf("%s: the token is in the log or the answer", name)
		}
	}
}

func TestGreetings(t *testing.T) {
	l := newLab(t, nil)
	for _, target := range []string{"/", "/api/hello"} {
		res, _ := l.raw("HEAD " + target + " HTTP/1.1\r\nHost: proxy\r\n\r\n")
		if res.StatusCode != http.StatusOK || l.upstream.count() > 0 {
			t.Errorf("HEAD %s is answered with %d, %d at the upstream", target, res.StatusCode, l.upstream.count())
		}
	}
	l.raw("GET /v1/models HTTP/1.1\r\nHost: proxy\r\n\r\n")
	if strings.Contains(l.log.String(), "level=INFO") {
		t.Errorf("what clients ask unasked is logged: %s", l.log)
	}
}
