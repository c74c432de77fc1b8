package tlsfiles

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/cmd/lectern/config"
	"lectern/internal/lecterntest"
)

// TestFaults: each is one sentence that names the setting, the file and what to do.
func TestFaults(t *testing.T) {
	const (
		encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
		older     = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
		noKey     = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
		noOther   = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	)
	for _, test := range []struct {
		name             string
		certificate, key string // instead of what is there; "gone" removes it, "folder" makes it one
		want             string
	}{
		{name: "no certificate file", certificate: "gone", want: "web.tls.certificate: {C} is not there; bring the file there, or correct the setting"},
		{name: "no key file", key: "gone", want: "web.tls.key: {K} is not there; bring the file there, or correct the setting"},
		{name: "folder", certificate: "folder", want: "web.tls.certificate: {C} cannot be read: is a directory; let the gateway's user read that file"},
		{name: "no certificate", certificate: "hello", want: "web.tls.certificate: {C} holds no certificate; name the PEM file with -----BEGIN CERTIFICATE-----"},
		{name: "the key as certificate", certificate: noKey, want: "web.tls.certificate: {C} holds no certificate; name the PEM file with -----BEGIN CERTIFICATE-----"},
		{name: "damaged certificate", certificate: noOther, want: "web.tls.certificate: {C} holds a damaged certificate; put the one there that was issued"},
		{name: "no key", key: noOther, want: "web.tls.key: {K} holds no private key; name the PEM file with -----BEGIN PRIVATE KEY-----"},
		{name: "half a key", key: noKey, want: "web.tls.key: {K} holds a damaged private key, or one of a kind that is not understood; put the one there that the certificate was made with"},
		{name: "passphrase", key: encrypted, want: "web.tls.key: {K} has a passphrase, for which nobody is asked; take it off: openssl pkey -in {K} -out NEW"},
		{name: "passphrase of an older form", key: older, want: "web.tls.key: {K} has a passphrase, for which nobody is asked; take it off: openssl pkey -in {K} -out NEW"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := written(t)
			put(t, files.Certificate, test.certificate)
			put(t, files.Key, test.key)
			says(t, files, test.want)
		})
	}
	t.Run("two that do not belong together", func(t *testing.T) {
		files, other := written(t), written(t)
		files.Key = other.Key
		says(t, files, "web.tls.key: {K} is not the key of the certificate in {C}; name the two files that were made together")
	})
	t.Run("two that do", func(t *testing.T) {
		if pair, err := Read(written(t)); err != nil || pair.Leaf == nil {
			t.Errorf("got %v, %v", pair, err)
		}
	})
}

func written(t *testing.T) config.TLS {
	t.Helper()
	dir := t.TempDir()
	files := config.TLS{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	lecterntest.WriteCertificate(t, files.Certificate, files.Key, x509.Certificate{})
	return files
}

func put(t *testing.T, path, text string) {
	t.Helper()
	var err error
	switch text {
	case "":
	case "gone":
		err = os.Remove(path)
	case "folder":
		err = errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
	default:
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func says(t *testing.T, files config.TLS, want string) {
	t.Helper()
	want = strings.NewReplacer("{C}", files.Certificate, "{K}", files.Key).Replace(want)
	_, err := Read(files)
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	var fault *Fault
	if !errors.As(err, &fault) || fault.Setting == "" || fault.Mend == "" {
		t.Errorf("%v is no Fault", err)
	}
}
