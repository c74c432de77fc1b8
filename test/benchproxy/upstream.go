package main

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
)

// upstream is the API that all ways lead to.
type upstream struct {
	url     string // with the scheme
	address string
	close   func()
	roots   *x509.CertPool // of its certificate; nil where it has none
	file    string         // with that
}

// startAPI serves the API, over TLS unless plain is set.
func startAPI(h http.Handler, dir string, plain bool) (upstream, error) {
	if plain {
		address, closeAll, err := serve(h)
		return upstream{url: "http://" + address, address: address, close: closeAll}, err
	}
	server := httptest.NewTLSServer(h)
	u := upstream{url: server.URL, close: server.Close, roots: x509.NewCertPool(), file: filepath.Join(dir, "certificate.pem")}
	at, err := url.Parse(server.URL)
	if err == nil {
		u.address = at.Host
		u.roots.AddCert(server.Certificate())
		err = os.WriteFile(u.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600)
	}
	if err != nil {
		server.Close()
	}
	return u, err
}
