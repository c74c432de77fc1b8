package gateway

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestRefusedRequestsAreToldOnce: a client that asks again and again is not
// remembered again and again.
func TestRefusedRequestsAreToldOnce(t *testing.T) {
	l := newLab(t, nil)
	session, err := l.dial().NewSession()
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	session.Stdout, session.Stderr = io.Discard, &told
	for range 100 {
		for _, request := range []string{"x11-req", "auth-agent-req@openssh.com"} {
			if ok, err := session.SendRequest(request, true, nil); ok || err != nil {
				t.Fatalf("%s is answered with %v, %v", request, ok, err)
			}
		}
	}
	if err := session.Run("whoami"); err != nil {
		t.Fatal(err)
	}
	for _, sentence := range []string{"X11 forwarding is refused", "Agent forwarding is refused"} {
		if n := strings.Count(told.String(), sentence); n != 1 {
			t.Errorf("%q is told %d times", sentence, n)
		}
	}
}
