//go:build e2e

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lectern/internal/fakeanthropic"
)

// upstream is the model's API, played on the node's own port 443, where the
// proxy's Pod may reach it and no sandbox may.
type upstream struct {
	*fakeanthropic.API
	server *httptest.Server
	url    string
	// certificate is a file that the proxy must trust.
	certificate string
}

// apiKey is what the upstream takes and no sandbox may ever see. It looks like
// no key, so that nobody takes it for one.
const apiKey = "the-one-key-of-this-test"

func playUpstream(t *testing.T, node string, steps ...fakeanthropic.Step) *upstream {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(node, "443"))
	if err != nil {
		t.Skipf("this machine is not the node, so that Pods would not find the model's API here: %v", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(node)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{
		API: fakeanthropic.New(apiKey, steps...), url: "https://" + node,
		certificate: filepath.Join(t.TempDir(), "upstream.pem"),
	}
	var text bytes.Buffer
	if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(u.certificate, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	u.server = httptest.NewUnstartedServer(u.API)
	_ = u.server.Listener.Close()
	u.server.Listener = listener
	u.server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	u.server.StartTLS()
	t.Cleanup(u.server.Close)
	return u
}
