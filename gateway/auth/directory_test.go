package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/internal/lecterntest"
)

// newKey makes a key that is nobody's.
func newKey(t testing.TB) ssh.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sshKey(t, public)
}

func sshKey(t testing.TB, public any) ssh.PublicKey {
	t.Helper()
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newECDSA(t testing.TB) ssh.PublicKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sshKey(t, &private.PublicKey)
}

// newRSA makes something that is as long as an RSA key of so many bits.
func newRSA(t testing.TB, bits int) ssh.PublicKey {
	t.Helper()
	modulus := make([]byte, bits/8)
	if _, err := rand.Read(modulus); err != nil {
		t.Fatal(err)
	}
	modulus[0] |= 0x80
	modulus[len(modulus)-1] |= 1
	public := &rsa.PublicKey{E: 65537}
	public.N = new(big.Int).SetBytes(modulus)
	return sshKey(t, public)
}

func line(key ssh.PublicKey) string { return string(ssh.MarshalAuthorizedKey(key)) }

// fakeGitHub serves the keys of accounts, and misbehaves where told to.
type fakeGitHub struct {
	*httptest.Server
	mu       sync.Mutex
	accounts map[string]string
	fault    http.HandlerFunc
	asked    []string
	same     int
}

func newFakeGitHub(t testing.TB) *fakeGitHub {
	g := &fakeGitHub{accounts: map[string]string{}}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *fakeGitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.asked = append(g.asked, r.URL.Path)
	body, ok := g.accounts[strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".keys")]
	fault := g.fault
	g.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	etag := fmt.Sprintf(`W/"%x"`, sha256.Sum256([]byte(body)))
	w.Header().Set("ETag", etag)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if r.Header.Get("If-None-Match") == etag {
		g.mu.Lock()
		g.same++
		g.mu.Unlock()
		w.WriteHeader(http.StatusNotModified)
		return
	}
	fmt.Fprint(w, body)
}

// set gives an account its keys.
func (g *fakeGitHub) set(login string, keys ...ssh.PublicKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body := "\n"
	for _, key := range keys {
		body += line(key)
	}
	g.accounts[login] = body
}

func (g *fakeGitHub) remove(login string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.accounts, login)
}

// misbehave answers with fault; nil ends it.
func (g *fakeGitHub) misbehave(fault http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault = fault
}

func (g *fakeGitHub) requests() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.asked)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", code) }
}

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// house is a Directory with a GitHub and a clock of its own.
type house struct {
	*Directory
	t       testing.TB
	github  *fakeGitHub
	clock   *clock
	options Options
	log     *lecterntest.Output
}

func newHouse(t testing.TB, github *fakeGitHub, change func(*Options)) *house {
	t.Helper()
	h := &house{t: t, github: github, clock: newClock(), log: &lecterntest.Output{}}
	h.options = Options{
		GitHubURL:  github.URL,
		Users:      []string{"*"},
		CachePath:  filepath.Join(t.TempDir(), "keys.db"),
		HTTPClient: github.Client(),
		Now:        h.clock.Now,
		Logger:     slog.New(slog.NewTextHandler(h.log, nil)),
	}
	if change != nil {
		change(&h.options)
	}
	h.start()
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) start() {
	h.t.Helper()
	var err error
	if h.Directory, err = New(h.options); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) restart() {
	h.t.Helper()
	if err := h.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.start()
}

// welcome expects that the key lets user in, and gives the identity.
func (h *house) welcome(user string, key ssh.PublicKey, want Identity) Identity {
	h.t.Helper()
	id, err := h.Identify(context.Background(), user, key)
	want.Fingerprint = ssh.FingerprintSHA256(key)
	if err != nil {
		h.t.Fatalf("%s was not let in: %v", user, err)
	}
	if id != want {
		h.t.Fatalf("%s is %+v, want %+v", user, id, want)
	}
	return id
}

// refuse expects that the key does not let user in.
func (h *house) refuse(user string, key ssh.PublicKey, reason Reason, words ...string) {
	h.t.Helper()
	id, err := h.Identify(context.Background(), user, key)
	expectDenied(h.t, err, reason, words...)
	if id != (Identity{}) {
		h.t.Errorf("a refusal came with %+v", id)
	}
}

func expectDenied(t testing.TB, err error, reason Reason, words ...string) {
	t.Helper()
	var denied *Denied
	if !errors.As(err, &denied) {
		t.Fatalf("error is %v", err)
	}
	if denied.Reason != reason {
		t.Fatalf("reason is %s, want %s: %v", denied.Reason, reason, err)
	}
	for _, word := range words {
		if !strings.Contains(denied.Message, word) {
			t.Errorf("message lacks %q: %s", word, denied.Message)
		}
	}
	if strings.ContainsAny(denied.Message, "\n\x1b!") || !strings.HasSuffix(denied.Message, ".") {
		t.Errorf("message is no calm sentence: %q", denied.Message)
	}
}

// enrol connects once as login and proves the key.
func (h *house) enrol(login string, key ssh.PublicKey) {
	h.t.Helper()
	id, err := h.Identify(context.Background(), login, key)
	if err == nil {
		err = h.Enrol(context.Background(), id, key)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}
