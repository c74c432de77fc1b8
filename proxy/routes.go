package proxy

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one of the two things that can be asked, by its path.
type route string

const (
	messages    route = "/v1/messages"
	countTokens route = "/v1/messages/count_tokens"
	// elsewhere is everything else, so that no metric has a client's words.
	elsewhere route = "other"
)

// beta is the one query there is. Claude Code sends it; nothing else is known,
// so nothing else is passed on, and to drop it would change what was asked.
const beta = "beta=true"

// routeOf finds out what a request asks for.
//
// It compares the target with the two there are, byte by byte as it was sent.
// http.ServeMux would compare what is left after decoding and cleaning, and
// answers in words of its own. Encoded slashes, dot segments, double slashes
// and whole addresses are all just something else here.
func routeOf(r *http.Request) (to route, query string, refused *refusal) {
	path, query, asks := strings.Cut(r.RequestURI, "?")
	to = route(path)
	switch {
	case to != messages && to != countTokens:
		return elsewhere, "", &refusal{
			status: http.StatusNotFound, kind: "not_found_error", reason: badPath,
			message: "The lab's proxy has only POST /v1/messages and POST /v1/messages/count_tokens.",
			quiet:   r.Method == http.MethodGet && path == "/v1/models",
		}
	case r.Method != http.MethodPost:
		return to, "", &refusal{
			status: http.StatusMethodNotAllowed, kind: "invalid_request_error", reason: badMethod,
			message: "The lab's proxy takes only POST here.",
		}
	case asks && query != beta:
		return to, "", invalid(badQuery, "The only query that the lab's proxy takes is ?beta=true.")
	}
	return to, query, nil
}

// greeting tells whether a client only wants to know if somebody is there.
func greeting(r *http.Request) bool {
	return r.Method == http.MethodHead && (r.RequestURI == "/" || r.RequestURI == "/api/hello")
}

// targets are the addresses at the upstream, made once: nothing of a request
// is in them.
type targets map[route]map[string]*url.URL

func targetsAt(upstream *url.URL) targets {
	made := targets{}
	base := strings.Trim(upstream.Path, "/")
	if base != "" {
		base = "/" + base
	}
	for _, to := range []route{messages, countTokens} {
		made[to] = map[string]*url.URL{}
		for _, query := range []string{"", beta} {
			made[to][query] = &url.URL{
				Scheme: upstream.Scheme, Host: upstream.Host,
				Path: base + string(to), RawQuery: query,
			}
		}
	}
	return made
}
