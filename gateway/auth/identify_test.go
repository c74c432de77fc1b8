package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func TestClaimedLogin(t *testing.T) {
	github := newFakeGitHub(t)
	first, second, stranger := newKey(t), newECDSA(t), newKey(t)
	large, small := newRSA(t, 2048), newRSA(t, 1024)
	github.set("alice", first, second, large, small)
	github.set("root", first)
	h := newHouse(t, github, func(o *Options) { o.Admins = []string{"Root"} })

	alice := Identity{Login: "alice", Via: ViaGitHub}
	h.welcome("alice", first, alice)
	h.welcome("ALICE", second, alice)
	h.welcome("alice", large, alice)
	h.refuse("alice", small, BadKey, "1024 bits", "ed25519")
	h.refuse("alice", stranger, KeyNotListed, "alice", ssh.FingerprintSHA256(stranger), "ssh -i")
	h.refuse("nobody", stranger, NoSuchAccount, "nobody", "<github-login>@")
	h.refuse("alice", nil, BadKey)
	h.welcome("root", first, Identity{Login: "root", Admin: true, Via: ViaGitHub})
}

func TestBadKeys(t *testing.T) {
	h := newHouse(t, newFakeGitHub(t), nil)
	_, private, err := newPrivate()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &ssh.Certificate{Key: signer.PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{"alice"}, ValidBefore: ssh.CertTimeInfinity}
	if err := certificate.SignCert(rand.Reader, signer); err != nil {
		t.Fatal(err)
	}
	one := big.NewInt(1)
	wire := ssh.Marshal(struct {
		Name       string
		P, Q, G, Y *big.Int
	}{"ssh-dss", new(big.Int).Lsh(one, 1023), new(big.Int).Lsh(one, 159), big.NewInt(2), big.NewInt(5)})
	dsaKey, err := ssh.ParsePublicKey(wire)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"alice", "lab", "admin"} {
		h.refuse(user, certificate, BadKey, "certificates")
		h.refuse(user, dsaKey, BadKey, "ssh-dss")
		h.refuse(user, newRSA(t, 1024), BadKey, "1024")
	}
	if h.github.requests() != 0 {
		t.Errorf("GitHub was asked %d times for keys that cannot count", h.github.requests())
	}
}

// Nothing that a client calls itself may reach another path at GitHub, or a
// terminal.
func TestBadLogins(t *testing.T) {
	h := newHouse(t, newFakeGitHub(t), nil)
	key := newKey(t)
	for _, user := range []string{
		"", "..", "../alice", "alice/../bob", "alice%2f..", "alice.keys?", "alice#", "al ice", "-alice", "alice-", "_a",
		"alice\n", "\x1b[2J", "alice\x00", "älice", "https://evil", "@", "alice:course", strings.Repeat("a", 40), strings.Repeat("é", 2000),
	} {
		h.refuse(user, key, BadLogin)
	}
	if h.github.requests() != 0 {
		t.Errorf("GitHub was asked for %q", h.github.asked)
	}
}

func TestEnrolment(t *testing.T) {
	github := newFakeGitHub(t)
	key, other := newKey(t), newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	enrolled := Identity{Login: "alice", Via: ViaEnrolled}

	h.refuse("lab", key, UnknownKey, "<github-login>@", "lab@", ssh.FingerprintSHA256(key))
	h.welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
	h.refuse("lab", key, UnknownKey)
	h.enrol("alice", key)
	h.welcome("lab", key, enrolled)
	h.welcome("LAB", key, enrolled)
	h.refuse("lab", other, UnknownKey)
	h.refuse("admin", key, NotAdmin, "alice", "lab@")
	h.restart()
	asked := github.requests()
	h.welcome("lab", key, enrolled)
	h.enrol("alice", key)
	if github.requests() != asked {
		t.Error("GitHub was asked for what is in the cache")
	}
}

func TestEnrolChecksTheKey(t *testing.T) {
	github := newFakeGitHub(t)
	key, other := newKey(t), newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	id := h.welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
	if err := h.Enrol(context.Background(), id, other); err == nil {
		t.Error("another key was enrolled")
	}
	id.Login, id.Fingerprint = "bob", ssh.FingerprintSHA256(other)
	if err := h.Enrol(context.Background(), id, other); err == nil {
		t.Error("a key was enrolled that GitHub never listed")
	}
	h.refuse("lab", other, UnknownKey)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	id.Login, id.Fingerprint = "alice", ssh.FingerprintSHA256(key)
	if err := h.Enrol(ended, id, key); !errors.Is(err, context.Canceled) {
		t.Errorf("Enrol gave %v", err)
	}
}

func TestRevocation(t *testing.T) {
	github := newFakeGitHub(t)
	key, kept := newKey(t), newKey(t)
	github.set("alice", key, kept)
	h := newHouse(t, github, nil)
	h.enrol("alice", key)
	h.enrol("alice", kept)
	github.set("alice", kept)

	h.clock.advance(10*time.Minute - time.Second)
	h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
	h.clock.advance(time.Second)
	h.refuse("lab", key, KeyNotListed, "alice")
	h.refuse("alice", key, KeyNotListed)
	h.welcome("lab", kept, Identity{Login: "alice", Via: ViaEnrolled})
	// From now on nobody knows whose it was, so its next owner can have it.
	h.refuse("lab", key, UnknownKey)
	github.set("bob", key)
	h.enrol("bob", key)
	h.welcome("lab", key, Identity{Login: "bob", Via: ViaEnrolled})
}

func TestKeyThatMovesToAnotherAccount(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	h.enrol("alice", key)
	github.set("alice", newKey(t))
	github.set("bob", key)
	h.enrol("bob", key)
	h.welcome("lab", key, Identity{Login: "bob", Via: ViaEnrolled})
	h.clock.advance(time.Hour)
	h.refuse("alice", key, KeyNotListed)
	h.welcome("lab", key, Identity{Login: "bob", Via: ViaEnrolled})
}

func TestAccountThatIsDeleted(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	h.enrol("alice", key)
	github.remove("alice")
	h.clock.advance(time.Hour)
	h.refuse("lab", key, NoSuchAccount, "alice")
	github.misbehave(status(500))
	h.clock.advance(time.Hour)
	h.refuse("lab", key, UnknownKey)
	h.refuse("alice", key, GitHubUnreachable)
}

func TestLoginThatIsNoLongerAllowed(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	h.enrol("alice", key)
	h.options.Users = []string{"bob"}
	h.restart()
	h.refuse("lab", key, LoginNotAllowed, "alice")
	h.refuse("alice", key, LoginNotAllowed, "alice")
}

func TestListedLearners(t *testing.T) {
	github := newFakeGitHub(t)
	alice, bob, teacher, stranger := newKey(t), newKey(t), newKey(t), newKey(t)
	github.set("alice", alice)
	github.set("bob", bob)
	github.set("teacher", teacher)
	github.set("stranger", stranger)
	h := newHouse(t, github, func(o *Options) {
		o.Users = []string{"Alice", "bob", "typo-in-the-list"}
		o.Admins = []string{"teacher"}
	})
	h.welcome("lab", alice, Identity{Login: "alice", Via: ViaGitHub})
	h.welcome("lab", bob, Identity{Login: "bob", Via: ViaGitHub})
	h.welcome("admin", teacher, Identity{Login: "teacher", Admin: true, Via: ViaGitHub})
	h.welcome("teacher", teacher, Identity{Login: "teacher", Admin: true, Via: ViaGitHub})
	h.refuse("admin", bob, NotAdmin)
	h.refuse("lab", stranger, UnknownKey)
	h.refuse("stranger", stranger, LoginNotAllowed)
	if asked := github.requests(); asked != 4 {
		t.Errorf("GitHub was asked %d times: %v", asked, github.asked)
	}

	// Keys that are removed or added count after CacheFor, without anybody
	// naming themselves.
	github.set("alice", stranger)
	h.clock.advance(11 * time.Minute)
	h.refuse("lab", alice, UnknownKey)
	h.welcome("lab", stranger, Identity{Login: "alice", Via: ViaGitHub})
}

func TestListedLearnersWhileGitHubIsDown(t *testing.T) {
	github := newFakeGitHub(t)
	alice, bob := newKey(t), newKey(t)
	github.set("alice", alice)
	github.set("bob", bob)
	h := newHouse(t, github, func(o *Options) { o.Users = []string{"alice", "bob"} })
	h.welcome("lab", alice, Identity{Login: "alice", Via: ViaGitHub})
	github.misbehave(status(502))
	h.clock.advance(time.Hour)
	h.restart()
	h.welcome("lab", alice, Identity{Login: "alice", Via: ViaGitHub})
	h.clock.advance(200 * time.Hour)
	h.refuse("lab", alice, GitHubUnreachable, "alice")

	empty := newHouse(t, github, func(o *Options) { o.Users = []string{"alice"} })
	empty.refuse("lab", alice, TryAgain, "still being fetched")
}

func TestWithoutGitHub(t *testing.T) {
	mine, theirs := newKey(t), newKey(t)
	file := filepath.Join(t.TempDir(), "authorized_keys")
	if err := os.WriteFile(file, []byte(strings.TrimSpace(line(theirs))+" bob\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, newFakeGitHub(t), func(o *Options) {
		o.GitHubURL, o.CachePath, o.AuthorizedKeysFile = "", "", file
		o.ExtraKeys = []ExtraKey{{Login: "Me", Key: mine}}
		o.Admins = []string{"me"}
	})
	me := Identity{Login: "me", Admin: true, Via: ViaLocal}
	for _, user := range []string{"lab", "admin", "me"} {
		id := h.welcome(user, mine, me)
		if err := h.Enrol(context.Background(), id, mine); err != nil {
			t.Error(err)
		}
	}
	h.welcome("lab", theirs, Identity{Login: "bob", Via: ViaAuthorizedKeys})
	h.refuse("bob", mine, UnknownKey, "Ask the person")
	h.refuse("lab", newKey(t), UnknownKey, "the ssh command that the gateway printed")
	if said := h.NoKey().Error(); !strings.Contains(said, "the ssh command that the gateway printed") {
		t.Errorf("without a key one is told: %s", said)
	}
	h.refuse("admin", theirs, NotAdmin)
}

// TestClosedClass: who is not in the file of keys is not sent to GitHub, where no
// account would let them in.
func TestClosedClass(t *testing.T) {
	github := newFakeGitHub(t)
	teacher, listed, stranger := newKey(t), newKey(t), newKey(t)
	github.set("teacher", teacher)
	github.set("stranger", stranger)
	file := filepath.Join(t.TempDir(), "class")
	if err := os.WriteFile(file, []byte(strings.TrimSpace(line(listed))+" grace\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, github, func(o *Options) {
		o.Users, o.AuthorizedKeysFile, o.Admins = []string{}, file, []string{"grace", "teacher"}
	})
	h.welcome("admin", listed, Identity{Login: "grace", Admin: true, Via: ViaAuthorizedKeys})
	h.welcome("admin", teacher, Identity{Login: "teacher", Admin: true, Via: ViaGitHub})
	h.refuse("lab", stranger, UnknownKey, "Ask the person who runs this gateway to add it")
	h.refuse("stranger", stranger, LoginNotAllowed, "Ask the person who runs it")
	if said := h.NoKey().Error(); !strings.Contains(said, "ask the person who runs this gateway to add it") || strings.Contains(said, "GitHub") {
		t.Errorf("without a key one is told: %s", said)
	}
}

func TestNewRefuses(t *testing.T) {
	key := newKey(t)
	cases := map[string]struct {
		change func(*Options)
		want   string
	}{
		"bad url":             {func(o *Options) { o.GitHubURL = "github.com" }, "https://github.com"},
		"url with a password": {func(o *Options) { o.GitHubURL = "https://a:secret@h" }, "xxxxx"},
		"bad user":            {func(o *Options) { o.Users = []string{"a b"} }, `"a b"`},
		"all are admins":      {func(o *Options) { o.Admins = []string{"*"} }, "list of admins"},
		"same names":          {func(o *Options) { o.AdminLogin = "LAB" }, "two names"},
		"no cache":            {func(o *Options) { o.CachePath = "" }, "no file"},
		"no authorized keys":  {func(o *Options) { o.AuthorizedKeysFile = "/nowhere/keys" }, "/nowhere/keys"},
		"folder as keys":      {func(o *Options) { o.AuthorizedKeysFile = t.TempDir() }, "regular file"},
		"bad local login":     {func(o *Options) { o.ExtraKeys = []ExtraKey{{"a.b", key}} }, `"a.b"`},
		"bad local key":       {func(o *Options) { o.ExtraKeys = []ExtraKey{{"a", newRSA(t, 512)}} }, "512"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			options := Options{GitHubURL: "https://github.invalid", CachePath: filepath.Join(t.TempDir(), "keys.db")}
			c.change(&options)
			d, err := New(options)
			if err == nil {
				d.Close()
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestCloseEndsLookUps(t *testing.T) {
	github := newFakeGitHub(t)
	reached, release := make(chan struct{}, 8), make(chan struct{})
	defer close(release)
	github.misbehave(slow(reached, release))
	h := newHouse(t, github, func(o *Options) { o.Users, o.Admins = []string{"*"}, []string{"teacher"} })
	<-reached
	result := make(chan error, 2)
	for _, user := range []string{"alice", "lab"} {
		go func() {
			_, err := h.Identify(context.Background(), user, newKey(t))
			result <- err
		}()
	}
	<-reached
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		expectDenied(t, <-result, TryAgain)
	}
	if _, err := h.Identify(context.Background(), "bob", newKey(t)); err == nil {
		t.Error("a closed directory let somebody in")
	}
	h.start()
}
