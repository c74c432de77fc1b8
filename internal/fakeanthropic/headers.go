package fakeanthropic

import (
	"crypto/rand"
	"net/http"
)

// Organization is who the key belongs to, which no learner should see.
const Organization = "6f1f4a0e-0000-4000-8000-00000000face"

// identify sets what the API, and the network before it, put on each answer.
func identify(h http.Header) {
	h.Set("Request-Id", newID("req_"))
	h.Set("Anthropic-Organization-Id", Organization)
	for _, kind := range []string{"requests", "tokens", "input-tokens", "output-tokens"} {
		h.Set("Anthropic-Ratelimit-"+kind+"-Limit", "4000")
		h.Set("Anthropic-Ratelimit-"+kind+"-Remaining", "3999")
		h.Set("Anthropic-Ratelimit-"+kind+"-Reset", "2027-01-01T00:00:00Z")
	}
	h.Add("Set-Cookie", "__cf_bm=fake; path=/; HttpOnly; Secure; SameSite=None")
	h.Add("Set-Cookie", "_cfuvid=fake; path=/; HttpOnly; Secure; SameSite=None")
	h.Set("Cf-Ray", "0123456789abcdef-FRA")
	h.Set("Cf-Cache-Status", "DYNAMIC")
	h.Set("Server", "cloudflare")
	h.Set("Via", "1.1 google")
	h.Set("X-Robots-Tag", "none")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload")
	h.Set("X-Envoy-Upstream-Service-Time", "7")
}

// newID makes an id like those of the API.
func newID(prefix string) string { return prefix + "01" + rand.Text()[:22] }
