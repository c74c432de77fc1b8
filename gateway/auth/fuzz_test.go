package auth

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"
)

func pemBytes(block *pem.Block) []byte { return pem.EncodeToMemory(block) }

func TestParseLogin(t *testing.T) {
	for name, want := range map[string]string{
		"alice": "alice", "Alice-B": "alice-b", "a": "a", "0x9": "0x9", "foo_corp": "foo_corp", strings.Repeat("Z", 39): strings.Repeat("z", 39),
	} {
		if got, err := ParseLogin(name); err != nil || got != want {
			t.Errorf("ParseLogin(%q) = %q, %v", name, got, err)
		}
	}
}

func TestLocalLogin(t *testing.T) {
	for user, want := range map[string]string{
		"root": "root", "John.Doe": "john-doe", "": "learner", "..": "learner", `DOMAIN\me`: "domain-me", "é": "learner",
		strings.Repeat("a", 38) + ".b": strings.Repeat("a", 38),
	} {
		got := LocalLogin(user)
		if got != want {
			t.Errorf("LocalLogin(%q) = %q", user, got)
		}
		if _, err := ParseLogin(got); err != nil {
			t.Errorf("LocalLogin(%q): %v", user, err)
		}
	}
}

// A login that passes is one plain path segment, and stays the same.
func FuzzParseLogin(f *testing.F) {
	for _, seed := range []string{"alice", "Al-ice_9", "..", "a/b", "%2e", "-", "a-", "\x00", "é", strings.Repeat("a", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		login, err := ParseLogin(name)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("the error would reach the terminal raw: %q", err)
			}
			return
		}
		if !strings.EqualFold(login, name) || login == "" || len(login) > longestLogin {
			t.Errorf("%q became %q", name, login)
		}
		again, err := ParseLogin(login)
		if err != nil || again != login {
			t.Errorf("%q became %q, %v", login, again, err)
		}
		if url.PathEscape(login) != login || strings.Contains(login, ".") {
			t.Errorf("%q is no plain path segment", login)
		}
	})
}

func FuzzParseKeyList(f *testing.F) {
	good := line(newKey(f))
	f.Add([]byte(good + line(newECDSA(f)) + line(newRSA(f, 2048))))
	f.Add([]byte(line(newRSA(f, 1024))))
	f.Add([]byte(strings.Replace(good, "ssh-ed25519", "ssh-rsa", 1)))
	f.Add([]byte("no-pty " + good))
	f.Add([]byte("<html>\n" + good))
	f.Add([]byte("\r\n\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		prints, err := parseKeyList(body)
		if len(prints) > mostKeys || err != nil && len(prints) > 0 {
			t.Errorf("%d keys, %v", len(prints), err)
		}
		if err == nil && len(prints) == 0 && len(bytes.TrimSpace(body)) > 0 && !bytes.Contains(body, []byte("AAAA")) {
			t.Errorf("%q is taken for a list of keys", body)
		}
		// What is found is found again in the cache's own form.
		list := keyList{Login: "alice", Prints: prints}
		encoded, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		var decoded keyList
		if err := json.Unmarshal(encoded, &decoded); err != nil {
			t.Fatal(err)
		}
		for _, print := range prints {
			if !decoded.holds(print) {
				t.Errorf("%s is lost", print)
			}
		}
	})
}

func FuzzParseAuthorizedKeys(f *testing.F) {
	key := newKey(f)
	f.Add([]byte(keyWith(key, "alice")))
	f.Add([]byte("restrict,no-pty " + keyWith(key, "bob") + "\ncert-authority " + keyWith(key, "carol")))
	f.Add([]byte(`command="a b",from="x" ` + keyWith(key, "dave")))
	f.Add([]byte("# comment\n\n\x00\xff"))
	f.Fuzz(func(t *testing.T, content []byte) {
		keys := parseAuthorizedKeys(content)
		for print, owners := range keys.owners {
			for _, login := range owners {
				if parsed, err := ParseLogin(login); err != nil || parsed != login {
					t.Errorf("%q is taken for a login", login)
				}
				if !keys.knows(login) || !keys.holds(login, print) {
					t.Errorf("%s is half known", login)
				}
			}
		}
		if len(keys.warnings) > bytes.Count(content, []byte("\n"))+1 {
			t.Errorf("%d warnings for %q", len(keys.warnings), content)
		}
		for _, warning := range keys.warnings {
			if strings.ContainsFunc(warning, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("the warning would reach the terminal raw: %q", warning)
			}
		}
	})
}
