package proxy

import (
	"net/http"
	"slices"
	"strings"
)

// What passes is listed, both ways, and not what is stopped: a header that the
// proxy has never heard of may be the next one that names an account, a route
// or a credential.

// passesUp are headers of a request, beside those that begin as prefixesUp do.
// Missing on purpose: Accept-Encoding, since what is compressed cannot be metered.
var (
	passesUp   = []string{"Accept", "User-Agent", "X-App", "X-Client-Request-Id"}
	prefixesUp = []string{"Anthropic-", "X-Stainless-", "X-Claude-Code-"}
)

// passesDown are headers of an answer. Missing on purpose, among many: those
// that name the organisation and its limits.
var passesDown = []string{
	"Content-Type", "Date", "Cache-Control", "Request-Id", "Retry-After", "Retry-After-Ms", "X-Should-Retry",
}

// headerUp makes the header of the request to the upstream.
func headerUp(from http.Header, key string) http.Header {
	h := make(http.Header, len(from)+4)
	for name, values := range from {
		if slices.Contains(passesUp, name) || slices.ContainsFunc(prefixesUp, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			h[name] = values
		}
	}
	h.Set("Content-Type", "application/json") // which it is: it has been read
	h.Set("Accept-Encoding", "identity")
	h.Set("X-Api-Key", key)
	return h
}

// headerDown gives what may pass of an upstream's header to an answer. A value
// in which the key is does not.
func headerDown(to, from http.Header, key string) {
	for _, name := range passesDown {
		values := from[name]
		if len(values) > 0 && !slices.ContainsFunc(values, func(value string) bool { return strings.Contains(value, key) }) {
			to[name] = values
		}
	}
}

// checkHeader refuses what only somebody sends who wants hops to disagree
// about a request: the client speaks to this proxy directly.
func checkHeader(r *http.Request) *refusal {
	for _, name := range []string{"Upgrade", "Trailer", "Te"} {
		if _, ok := r.Header[name]; ok {
			return invalid(badHeader, "The header %s is not taken here: leave it away.", name)
		}
	}
	for _, value := range r.Header["Connection"] {
		for option := range strings.SplitSeq(value, ",") {
			switch strings.ToLower(strings.TrimSpace(option)) {
			case "keep-alive", "close", "":
			default:
				return invalid(badHeader, "The header Connection may only be keep-alive or close.")
			}
		}
	}
	if strings.ContainsFunc(r.Host, func(c rune) bool { return !strings.ContainsRune(hostCharacters, c) }) {
		return invalid(badHeader, "The header Host is no name of a host.")
	}
	return nil
}

const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"
