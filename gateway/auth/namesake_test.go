package auth

import (
	"os"
	"path/filepath"
	"testing"
)

// TestNamesakesOnGitHub: whoever has the account of a login that the operator
// gave to somebody is not that person.
func TestNamesakesOnGitHub(t *testing.T) {
	github := newFakeGitHub(t)
	theirs, mine, stranger := newKey(t), newKey(t), newKey(t)
	for _, login := range []string{"teacher", "root", "carol"} {
		github.set(login, stranger)
	}
	path := filepath.Join(t.TempDir(), "authorized_keys")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# nobody yet\n")
	h := newHouse(t, github, func(o *Options) {
		o.AuthorizedKeysFile = path
		o.ExtraKeys = []ExtraKey{{Login: "root", Key: mine}}
		o.Users = []string{"*", "carol"}
		o.Admins = []string{"teacher"}
	})
	// Until the operator says who teacher is, it is the account.
	h.enrol("teacher", stranger)
	write(keyWith(theirs, "teacher") + "\n" + keyWith(theirs, "carol") + "\n")
	h.refuse("teacher", stranger, UnknownKey)
	h.refuse("root", stranger, UnknownKey)
	h.welcome("teacher", theirs, Identity{Login: "teacher", Admin: true, Via: ViaAuthorizedKeys})
	h.welcome("root", mine, Identity{Login: "root", Via: ViaLocal})
	// Carol is a learner by name: the account is hers, and the file adds a key.
	h.welcome("carol", stranger, Identity{Login: "carol", Via: ViaGitHub})
	h.welcome("carol", theirs, Identity{Login: "carol", Via: ViaAuthorizedKeys})
	h.welcome("lab", stranger, Identity{Login: "carol", Via: ViaGitHub})
	h.refuse("admin", stranger, NotAdmin)

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	h.refuse("teacher", stranger, UnknownKey)
}
