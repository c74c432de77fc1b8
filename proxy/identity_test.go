package proxy

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"lectern/proxy/token"
)

// TestRememberedToken: it is good for as long as it says, and from where it
// says, also if it was good before.
func TestRememberedToken(t *testing.T) {
	l := newLab(t, nil)
	synctest.Test(t, func(t *testing.T) {
		bearer := l.token(func(c *token.Claims) { c.Address = "192.0.2.1" })
		from := func(address string) *http.Request {
			r := httptest.NewRequest(http.MethodPost, "/v1/messages", nil)
			r.RemoteAddr = address
			r.Header.Set("Authorization", "Bearer "+bearer)
			return r
		}
		for range 2 {
			if who, refused := l.proxy.identify(from("192.0.2.1:1234")); refused != nil || who.Login != "ada" {
				t.Fatalf("%+v, %+v", who, refused)
			}
			// An IPv4 address is the same when it comes over an IPv6 socket.
			if _, refused := l.proxy.identify(from("[::ffff:192.0.2.1]:1234")); refused != nil {
				t.Fatal(refused.message)
			}
			if _, refused := l.proxy.identify(from("192.0.2.2:1234")); refused == nil || refused.reason != tokenMoved {
				t.Fatalf("from elsewhere: %+v", refused)
			}
		}
		time.Sleep(2 * time.Hour)
		if _, refused := l.proxy.identify(from("192.0.2.1:1234")); refused == nil || refused.reason != tokenExpired {
			t.Fatalf("when it has expired: %+v", refused)
		}
	})
}
