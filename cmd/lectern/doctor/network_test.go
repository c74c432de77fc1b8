package doctor

import (
	"net"
	"strings"
	"testing"

	"lectern/sandbox/probe"
)

// What a sandbox would fail to reach whether there is a wall or not is no
// address outside.
func TestOutsideIsAnAddressOutside(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for _, host := range []string{"localhost", "127.0.0.1", "", "no-such-name.invalid"} {
		d := visitor(t)
		d.Outside = net.JoinHostPort(host, port)
		targets, why := outsideTargets(t.Context(), d)
		if len(targets) > 0 || !strings.Contains(why, "is not outside") {
			t.Errorf("%s: %+v %s", d.Outside, targets, why)
		}
	}
	for host, want := range map[string]string{"192.0.2.1": "192.0.2.1:443", "2001:db8::1": "[2001:db8::1]:443"} {
		if got, why := outsideAddress(t.Context(), host, "443"); got != want {
			t.Errorf("%s is tried at %q: %s", host, got, why)
		}
	}
}

// That a target was not reached is known only where it was tried.
func TestResultOfWhatWasNotTried(t *testing.T) {
	p := probes{results: map[string]probe.Result{
		"shut": {Address: "192.0.2.1:443", Tried: true}, "a name": {Address: "example.com:443", Said: "no address"},
	}}
	if r, err := p.resultOf("shut"); err != nil || r.Reached {
		t.Errorf("%+v, %v", r, err)
	}
	for name, want := range map[string]string{"a name": "example.com:443 cannot be tried", "another": "not asked about"} {
		if r, err := p.resultOf(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// A name server that does not answer us either proves nothing.
func TestResolverIsAsked(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	targets := resolverAt(t.Context(), listener.Addr().String())
	if len(targets) != 2 || !targets[0].resolver || targets[0].open || targets[1].resolver || !targets[1].open {
		t.Errorf("got %+v", targets)
	}
}
