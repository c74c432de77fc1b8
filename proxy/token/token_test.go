package token

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func claims() Claims {
	return Claims{
		Login: "ada", Session: "0123456789abcdef", Pod: "lab-x", Address: "10.42.0.7",
		Course: "ssh", Stage: 2, Expires: time.Now().Add(time.Hour).Truncate(time.Second),
	}
}

func newPair(t *testing.T) (*Signer, *Verifier) {
	t.Helper()
	s, err := OpenSigner(filepath.Join(t.TempDir(), "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return s, s.Verifier()
}

func sign(t *testing.T, s *Signer, c Claims) string {
	t.Helper()
	text, err := s.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestATokenComesBackAsItWasMade(t *testing.T) {
	s, v := newPair(t)
	want := claims()
	got, err := v.Verify(sign(t, s, want), want.Address)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Expires.Equal(want.Expires) {
		t.Errorf("expires at %v, not %v", got.Expires, want.Expires)
	}
	got.Expires = want.Expires
	if got != want {
		t.Errorf("got %+v, not %+v", got, want)
	}
}

func TestRefused(t *testing.T) {
	s, v := newPair(t)
	other, _ := newPair(t)
	registered := func() jwt.RegisteredClaims {
		return jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: "ada",
			ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
		}
	}
	whole := func() wire {
		return wire{RegisteredClaims: registered(), Session: "s", Address: "10.42.0.7", Course: "ssh", Stage: 1}
	}
	made := func(method jwt.SigningMethod, key any, change func(*wire)) string {
		w := whole()
		change(&w)
		text, err := jwt.NewWithClaims(method, w).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	signed := func(change func(*wire)) string { return made(jwt.SigningMethodEdDSA, s.key, change) }
	good := signed(func(*wire) {})
	if _, err := v.Verify(good, "10.42.0.7"); err != nil {
		t.Fatalf("the token that the cases differ from is refused: %v", err)
	}
	expired := claims()
	expired.Expires = time.Now().Add(-time.Minute)
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":             {"", ErrInvalid},
		"no token":            {"sk-something", ErrInvalid},
		"another key":         {sign(t, other, claims()), ErrInvalid},
		"expired":             {sign(t, s, expired), ErrExpired},
		"another audience":    {signed(func(w *wire) { w.Audience = jwt.ClaimStrings{"lectern-web"} }), ErrInvalid},
		"another issuer":      {signed(func(w *wire) { w.Issuer = "somebody" }), ErrInvalid},
		"no end":              {signed(func(w *wire) { w.ExpiresAt = nil }), ErrInvalid},
		"not yet made":        {signed(func(w *wire) { w.IssuedAt = jwt.NewNumericDate(time.Now().Add(time.Hour)) }), ErrInvalid},
		"no login":            {signed(func(w *wire) { w.Subject = "" }), ErrInvalid},
		"no session":          {signed(func(w *wire) { w.Session = "" }), ErrInvalid},
		"no stage":            {signed(func(w *wire) { w.Stage = 0 }), ErrInvalid},
		"another address":     {signed(func(w *wire) { w.Address = "10.42.0.8" }), ErrElsewhere},
		"no signature":        {head + "." + body + ".", ErrInvalid},
		"cut off":             {head + "." + body, ErrInvalid},
		"another signature":   {head + "." + body + "." + strings.Repeat("A", len(signature)), ErrInvalid},
		"unsigned":            {made(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, func(*wire) {}), ErrInvalid},
		"public key as HMAC":  {made(jwt.SigningMethodHS256, []byte(s.key.Public().(ed25519.PublicKey)), func(*wire) {}), ErrInvalid},
		"too long to look at": {good + strings.Repeat("A", maxLength), ErrInvalid},
	} {
		got, err := v.Verify(c.text, "10.42.0.7")
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
		if got != (Claims{}) {
			t.Errorf("%s: a refused token gives claims: %+v", name, got)
		}
		if err != nil && len(c.text) > 20 && strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: the error contains the token", name)
		}
	}
}

func TestNothingUnfinishedIsSigned(t *testing.T) {
	s, _ := newPair(t)
	for name, change := range map[string]func(*Claims){
		"login":   func(c *Claims) { c.Login = "" },
		"address": func(c *Claims) { c.Address = "" },
		"stage":   func(c *Claims) { c.Stage = 0 },
		"end":     func(c *Claims) { c.Expires = time.Time{} },
	} {
		c := claims()
		change(&c)
		if text, err := s.Sign(c); err == nil {
			t.Errorf("without its %s there is a token: %s", name, text)
		}
	}
}

func TestTheKeyIsKeptForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	first, err := OpenSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v", info.Mode())
	}
	second, err := OpenSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	if !first.key.Equal(second.key) {
		t.Error("it is another one at the second start")
	}
}

func TestTwoKeysWhileOneIsReplaced(t *testing.T) {
	dir := t.TempDir()
	var public []byte
	var tokens []string
	for _, name := range []string{"old.pem", "new.pem"} {
		private, half, err := GenerateKeys()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, private, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := ReadSigner(path)
		if err != nil {
			t.Fatal(err)
		}
		tokens, public = append(tokens, sign(t, s, claims())), append(public, half...)
	}
	path := filepath.Join(dir, "public.pem")
	if err := os.WriteFile(path, public, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := ReadVerifier(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range tokens {
		if _, err := v.Verify(text, claims().Address); err != nil {
			t.Errorf("token %d: %v", i, err)
		}
	}
	// The private half must never lie where only the proxy's belongs.
	if _, err := ReadVerifier(filepath.Join(dir, "old.pem")); err == nil {
		t.Error("a private key is taken for a public one")
	}
	if _, err := ReadSigner(path); err == nil {
		t.Error("a public key is taken for a private one")
	}
}

func FuzzVerify(f *testing.F) {
	s, err := OpenSigner(filepath.Join(f.TempDir(), "key.pem"))
	if err != nil {
		f.Fatal(err)
	}
	v, want := s.Verifier(), claims()
	good, err := s.Sign(want)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", good, good + ".", good[:len(good)-2], "a.b.c", strings.Repeat(".", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := v.Verify(text, want.Address)
		if err == nil && (text != good || got.Login != want.Login) {
			t.Errorf("somebody else's token is taken: %q", text)
		}
	})
}
