package gateway

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/gateway/audit"
	"lectern/gateway/auth"
	"lectern/progress"
	"lectern/web/api"
)

// farAway is where the browsers of the tests are.
var farAway = net.TCPAddrFromAddrPort(netip.MustParseAddrPort("203.0.113.7:4711"))

// ada is the learner of a lab, as a browser that is signed in knows her.
func (l *lab) ada() auth.Identity {
	l.t.Helper()
	who, err := l.server.Directory.Identify(l.t.Context(), "lab", l.signer.PublicKey())
	if err != nil {
		l.t.Fatal(err)
	}
	return who
}

// enters comes through the door of the page.
func (l *lab) enters(who auth.Identity) (*ssh.Client, <-chan api.News) {
	l.t.Helper()
	entry, err := l.server.Enter(l.t.Context(), who, farAway)
	if err != nil {
		l.t.Fatal(err)
	}
	conn, channels, requests, err := ssh.NewClientConn(entry.Conn, "gateway", entry.Config)
	if err != nil {
		l.t.Fatal(err)
	}
	client := ssh.NewClient(conn, channels, requests)
	l.t.Cleanup(func() { _ = client.Close() })
	return client, entry.News
}

// TestPageIsOneMoreClient: it sees what the learner sees by ssh, and moves between
// the two without losing the tutor.
func TestPageIsOneMoreClient(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l := newLab(t, audited(t, dir, slog.Default()))
	client, _ := l.enters(l.ada())
	c := open(t, client, "")
	c.enter()
	c.types("say anchor\r")
	c.expect("said anchor")
	bySSH := open(t, l.dial(), "")
	bySSH.shows("Continue")
	bySSH.types("\r")
	bySSH.expect("said anchor")
	again, _ := l.enters(l.ada())
	session := l.sessionOf("ada")
	back := open(t, again, "resume '"+session+"'")
	back.expect("said anchor") // without a key
	waitFor(t, dir, audit.TakenOver)
	// A page that comes back by itself leaves the terminal where it is used by now.
	asleep := open(t, again, "resume '"+session+"' 1")
	asleep.expect("A newer connection of yours has taken over")
	if err := asleep.session.Wait(); err == nil {
		t.Error("it says that all is well")
	}
	back.types("say mine still\r")
	back.expect("said mine still")
	// Where its own earlier connection is there still, of whose place it was told
	// nothing, it comes in, also a second time.
	for range 2 {
		third, _ := l.enters(l.ada())
		back = open(t, third, "resume '"+session+"' 3")
		back.expect("said mine still")
	}
	_, events := trailOf(t, dir)
	if e := events[0]; e.Kind != audit.SignedIn || e.Login != "ada" || e.Remote != farAway.String() || e.Detail != "as ada, known by page" || e.Key != l.ada().Fingerprint {
		t.Errorf("the sign-in is recorded as %+v", e)
	}
}

func (l *lab) sessionOf(login string) string {
	l.t.Helper()
	sb, ok, err := l.server.Backend.Find(l.t.Context(), login)
	if err != nil || !ok {
		l.t.Fatalf("%s has no sandbox: %v", login, err)
	}
	return sb.Made().Session
}

// TestPageIsNoAdmin: whoever administrates does so with their key and not with a
// cookie; and nothing is learned about a key that the page has made.
func TestPageIsNoAdmin(t *testing.T) {
	l, who := newAdminLab(t, nil)
	if !who.who.Admin {
		t.Fatal("ada is no admin")
	}
	client, _ := l.enters(who.who)
	for command, want := range map[string]string{
		"whoami --json": `"admin":false`, "sessions": "is a command for admins", "kill ada": "is a command for admins",
	} {
		if out, _ := runs(t, client, command); !strings.Contains(out, want) {
			t.Errorf("%s says %q", command, out)
		}
	}
	// Not even where somebody has the login that was made the admins'.
	who.who.Login = "admin"
	client, _ = l.enters(who.who)
	if out, _ := runs(t, client, "sessions"); !strings.Contains(out, "is a command for admins") {
		t.Errorf("sessions says %q", out)
	}
}

// forged is a certificate that the page's authority has not issued for the user
// who shows it.
func forged(t *testing.T, authority ssh.Signer, change func(*ssh.Certificate)) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if authority == nil {
		authority = key
	}
	certificate := &ssh.Certificate{
		Key: key.PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{"ada"},
		ValidAfter: uint64(time.Now().Add(-time.Minute).Unix()), ValidBefore: uint64(time.Now().Add(time.Minute).Unix()),
	}
	if change != nil {
		change(certificate)
	}
	if err := certificate.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewCertSigner(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// TestForgedCertificates: behind the door only the page's own count, each for its
// login and its minute.
func TestForgedCertificates(t *testing.T) {
	l := newLab(t, nil)
	authority := l.server.pageDoor.authority
	soon := uint64(time.Now().Add(time.Minute).Unix())
	for name, signer := range map[string]ssh.Signer{
		"of another authority": forged(t, nil, nil),
		"of another login":     forged(t, authority, func(c *ssh.Certificate) { c.ValidPrincipals = []string{"bob"} }),
		"expired":              forged(t, authority, func(c *ssh.Certificate) { c.ValidAfter, c.ValidBefore = 1, soon-120 }),
		"of a time to come":    forged(t, authority, func(c *ssh.Certificate) { c.ValidAfter, c.ValidBefore = soon, soon+60 }),
		"of a host":            forged(t, authority, func(c *ssh.Certificate) { c.CertType = ssh.HostCert }),
		"with an option that nobody knows": forged(t, authority, func(c *ssh.Certificate) {
			c.CriticalOptions = map[string]string{"force-command": "x"}
		}),
		"none but the learner's own key": l.signer,
	} {
		entry, err := l.server.Enter(t.Context(), l.ada(), farAway)
		if err != nil {
			t.Fatal(err)
		}
		entry.Config.Auth = []ssh.AuthMethod{ssh.PublicKeys(signer)}
		if conn, _, _, err := ssh.NewClientConn(entry.Conn, "gateway", entry.Config); err == nil {
			_ = conn.Close()
			t.Errorf("a certificate %s lets in", name)
		}
		_ = entry.Conn.Close()
	}
	// The page's own are good, and good for nothing on the network.
	own, err := l.server.pageDoor.issue(l.ada())
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"ada", "lab"} {
		config := l.clientConfig()
		config.User, config.Auth = user, []ssh.AuthMethod{ssh.PublicKeys(own)}
		var banner string
		config.BannerCallback = func(message string) error { banner += message; return nil }
		config.Auth = append(config.Auth, ssh.KeyboardInteractive(func(string, string, []string, []bool) ([]string, error) { return nil, nil }))
		if client, err := ssh.Dial("tcp", l.addr, config); err == nil {
			_ = client.Close()
			t.Errorf("a certificate of the page signs %s in over the network", user)
		}
		if !strings.Contains(banner, "certificates are not accepted, offer the plain key") {
			t.Errorf("%s is told %q", user, banner)
		}
	}
}

// TestPageAndTheBounds: browsers come in numbers from one address, which is not
// used up by them for those who come by ssh.
func TestPageAndTheBounds(t *testing.T) {
	l := newLab(t, func(o *Options) { o.MaxConnectionsPerAddress, o.MaxConnections = 1, 4 })
	for range 3 {
		entry, err := l.server.Enter(t.Context(), l.ada(), net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:9")))
		if err != nil {
			t.Fatal(err)
		}
		conn, _, _, err := ssh.NewClientConn(entry.Conn, "gateway", entry.Config)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	client := l.dial() // the one of this address
	defer func() { _ = client.Close() }()
	_, err := l.server.Enter(t.Context(), l.ada(), farAway)
	var refused *api.Refused
	if !errors.As(err, &refused) || refused.Kind != api.Unavailable || !strings.HasPrefix(refused.Detail, "There are 4 connections already") {
		t.Errorf("one too many: %v", err)
	}
}

// TestDoorOfAGatewayThatEnds refuses in words, and waits for nobody.
func TestDoorOfAGatewayThatEnds(t *testing.T) {
	l := newLab(t, nil)
	client, _ := l.enters(l.ada())
	c := open(t, client, "")
	c.shows("Only stage")
	if err := l.stop(); err != nil {
		t.Error(err)
	}
	c.expect("The gateway is restarting")
	c.wantStatus(statusRestart)
	_, err := l.server.Enter(t.Context(), auth.Identity{Login: "ada"}, farAway)
	var refused *api.Refused
	if !errors.As(err, &refused) || refused.Kind != api.Unavailable || !strings.Contains(refused.Detail, "restarting") {
		t.Errorf("it is refused by %v", err)
	}
	_ = client.Close()
	following := func() int { // the connection lets go of it in its own time
		l.server.news.mu.Lock()
		defer l.server.news.mu.Unlock()
		return len(l.server.news.followers)
	}
	for deadline := time.Now().Add(10 * time.Second); following() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d follow still", following())
		}
	}
}

// TestDoorThatNobodyOpens: who waits in vain leaves.
func TestDoorThatNobodyOpens(t *testing.T) {
	dir := t.TempDir()
	store, err := progress.Open(filepath.Join(dir, "lectern.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	server, err := New(Options{HostKey: filepath.Join(dir, "host_key"), Progress: store, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.Enter(ctx, auth.Identity{Login: "ada"}, farAway); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

// TestAnotherAuthorityEachTime: what one gateway has issued is nothing to the next.
func TestAnotherAuthorityEachTime(t *testing.T) {
	one, err := newPageDoor()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newPageDoor()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := one.issue(auth.Identity{Login: "ada", Fingerprint: "SHA256:x", Admin: true})
	if err != nil {
		t.Fatal(err)
	}
	who, err := one.identify("ada", signer.PublicKey())
	if err != nil || who != (auth.Identity{Login: "ada", Via: auth.ViaPage, Fingerprint: "SHA256:x"}) {
		t.Errorf("it is %+v, %v", who, err)
	}
	if who, err := other.identify("ada", signer.PublicKey()); err == nil {
		t.Errorf("it is %+v", who)
	}
}
