package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"lectern/proxy/token"
)

func makeKeys(t *testing.T) map[string]corev1.Secret {
	t.Helper()
	var out bytes.Buffer
	if err := writeKeys(&out, "lectern"); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]corev1.Secret)
	for _, document := range bytes.Split(out.Bytes(), []byte("---\n"))[1:] {
		var secret corev1.Secret
		if err := yaml.UnmarshalStrict(document, &secret); err != nil {
			t.Fatal(err)
		}
		found[secret.Name] = secret
	}
	return found
}

// The proxy takes what the gateway signs and could sign nothing itself.
func TestKeysFitTogether(t *testing.T) {
	secrets := makeKeys(t)
	dir := t.TempDir()
	write := func(secret, key string) string {
		path := filepath.Join(dir, key)
		if err := os.WriteFile(path, secrets[secret].Data[key], 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	signer, err := token.ReadSigner(write("lectern-gateway-keys", "session-token-private.pem"))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := token.ReadVerifier(write("lectern-proxy-keys", "session-token-public.pem"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signer.Sign(token.Claims{
		Login: "ada", Session: "s", Address: "10.42.0.7", Course: "c", Stage: 1, Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.Verify(text, "10.42.0.7"); err != nil {
		t.Error(err)
	}
	gateway, proxy := secrets["lectern-gateway-keys"].Data, secrets["lectern-proxy-keys"].Data
	if shared := gateway["events-secret"]; len(shared) < 32 || !bytes.Equal(shared, proxy["events-secret"]) {
		t.Errorf("the secret of the reports is %d and %d bytes, or not the same", len(shared), len(proxy["events-secret"]))
	}
	if len(proxy) != 2 || bytes.Contains(proxy["session-token-public.pem"], []byte("PRIVATE")) {
		t.Error("the proxy gets more than it needs")
	}
	if bytes.Equal(gateway["events-secret"], makeKeys(t)["lectern-gateway-keys"].Data["events-secret"]) {
		t.Error("the keys are the same each time")
	}
}
