package auth

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func keyWith(key ssh.PublicKey, comment string) string {
	return strings.TrimSpace(line(key)) + " " + comment
}

func TestParseAuthorizedKeys(t *testing.T) {
	key, shared := newKey(t), newKey(t)
	content := strings.Join([]string{
		"# a comment",
		"",
		keyWith(key, "Alice on her laptop"),
		"no-pty,restrict " + keyWith(newKey(t), "bob") + "\r",
		"cert-authority " + keyWith(newKey(t), "carol"),
		`from="10.0.0.1" ` + keyWith(newKey(t), "dave"),
		"nonsense",
		keyWith(newKey(t), "erin@laptop"),
		keyWith(newRSA(t, 1024), "frank"),
		keyWith(newKey(t), ""),
		keyWith(shared, "gina"),
		keyWith(shared, "hugo"),
		keyWith(shared, "hugo"),
	}, "\n")
	keys := parseAuthorizedKeys([]byte(content))
	for login, want := range map[string]bool{"alice": true, "bob": true, "carol": false, "dave": false, "erin": false, "frank": false, "gina": true, "hugo": true} {
		if keys.knows(login) != want {
			t.Errorf("%s: %v", login, keys.knows(login))
		}
	}
	if owner, ok := keys.owner(fingerprintOf(key)); !ok || owner != "alice" {
		t.Errorf("owner is %q", owner)
	}
	if owner, _ := keys.owner(fingerprintOf(shared)); owner != "gina" {
		t.Errorf("owner is %q", owner)
	}
	if !keys.holds("hugo", fingerprintOf(shared)) || keys.holds("bob", fingerprintOf(shared)) {
		t.Error("the key of two people is not theirs alone")
	}
	want := []string{
		`line 5 is not used: the option "cert-authority"`,
		`line 6 is not used: the option "from"`,
		`line 7 is not used: it is no public key`,
		`line 8 is not used: the comment must be a login`,
		`line 9 is not used: an RSA key of 1024 bits`,
		`line 10 is not used: the comment must be a login`,
		`line 12 gives the key of gina to hugo too`,
	}
	if len(keys.warnings) != len(want) {
		t.Fatalf("warnings: %q", keys.warnings)
	}
	for i, warning := range keys.warnings {
		if !strings.HasPrefix(warning, want[i]) {
			t.Errorf("warning %q, want %q", warning, want[i])
		}
	}
}

func TestAuthorizedKeysFile(t *testing.T) {
	github := newFakeGitHub(t)
	first, second, onGitHub := newKey(t), newKey(t), newKey(t)
	github.set("alice", onGitHub)
	path := filepath.Join(t.TempDir(), "authorized_keys")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(keyWith(first, "alice") + "\nnonsense\n")
	h := newHouse(t, github, func(o *Options) {
		o.AuthorizedKeysFile, o.Admins, o.Users = path, []string{"alice"}, []string{"zoe"}
	})
	alice := Identity{Login: "alice", Admin: true, Via: ViaAuthorizedKeys}
	for _, user := range []string{"lab", "admin", "alice"} {
		h.welcome(user, first, alice)
	}
	h.refuse("alice", onGitHub, UnknownKey)
	if !strings.Contains(h.log.String(), "line 2 is not used") {
		t.Errorf("log: %s", h.log)
	}

	// A change of the same size, at the same time as the clock sees it.
	write(keyWith(second, "alice") + "\nnonsense\n")
	h.welcome("lab", second, alice)
	h.refuse("lab", first, UnknownKey)
	// A change long after the file has settled.
	write(keyWith(second, "bob") + "\n")
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
	h.welcome("lab", second, Identity{Login: "bob", Via: ViaAuthorizedKeys})
	h.refuse("bob", first, UnknownKey)
	before := h.authorized.last.Load()
	h.welcome("bob", second, Identity{Login: "bob", Via: ViaAuthorizedKeys})
	if h.authorized.last.Load() != before {
		t.Error("a file that has not changed was read again")
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	h.refuse("bob", second, UnknownKey)
	h.refuse("bob", second, UnknownKey)
	if strings.Count(h.log.String(), "make it readable again") != 1 {
		t.Errorf("log: %s", h.log)
	}
	// While something is there that cannot be read, the last word counts.
	if err := os.Rename(path+".old", path); err != nil {
		t.Fatal(err)
	}
	h.welcome("bob", second, Identity{Login: "bob", Via: ViaAuthorizedKeys})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	h.welcome("bob", second, Identity{Login: "bob", Via: ViaAuthorizedKeys})
}
