package browser_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/course"
	"lectern/gateway"
	"lectern/gateway/auth"
	"lectern/progress"
	"lectern/sandbox/local"
	"lectern/web"
)

// desk is a gateway with its page in this process, wired as cmd/lectern does,
// whose sandboxes run a command of the test instead of a tutor.
type desk struct {
	t    *testing.T
	url  string
	page *web.Server
	who  auth.Identity
}

func startDesk(t *testing.T, command []string) *desk {
	t.Helper()
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	directory, err := auth.New(auth.Options{
		ExtraKeys: []auth.ExtraKey{{Login: "ada", Key: key}}, CachePath: filepath.Join(dir, "keys.db"), Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, directory.Close) })
	store, err := progress.Open(filepath.Join(dir, "lectern.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, store.Close) })
	backend, err := local.New(t.Context(), local.Options{
		Dir: dir, Executable: binary, Command: command, Isolation: local.None, Life: time.Hour, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(nil)
	d := &desk{t: t, url: "http://" + front.Listener.Addr().String(), who: auth.Identity{Login: "ada", Via: auth.ViaLocal, Fingerprint: ssh.FingerprintSHA256(key)}}
	d.page, err = web.New(web.Options{
		PublicURL: d.url, SignInFor: time.Hour, Path: filepath.Join(dir, "browsers.db"), SSHLogin: "lab", SSHPort: 2222, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	stage := course.Stage{Number: 1, Title: "Only stage", Concepts: []course.Concept{{ID: "c", Title: "C"}}}
	server, err := gateway.New(gateway.Options{
		HostKey: filepath.Join(dir, "host_key"), SharedLogin: "lab", AdminLogin: "admin",
		HandshakeTimeout: 5 * time.Second, KeepAlive: time.Minute, Directory: directory,
		Courses:  course.NewCatalogue([]course.Course{{ID: "only", Title: "Only course", Dir: dir, Stages: []course.Stage{stage}}}),
		Progress: store, Backend: backend, MaxSessions: 10, Grace: time.Hour, Desk: d.page, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	if handler, err = d.page.Handler(server); err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = handler
	front.Start()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		if sb, ok, err := backend.Find(context.Background(), "ada"); err == nil && ok {
			_ = sb.Kill(context.Background(), "the test is over")
		}
		closed(t, d.page.Close)
		front.Close()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return d
}

func closed(t *testing.T, closing func() error) {
	t.Helper()
	if err := closing(); err != nil {
		t.Error(err)
	}
}

// link signs a browser in as ada.
func (d *desk) link() string {
	d.t.Helper()
	invitation, err := d.page.Invite(d.who)
	if err != nil {
		d.t.Fatal(err)
	}
	return invitation.URL
}
