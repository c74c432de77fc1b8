// Package tlsfiles reads the certificate of the page from its files, and says in
// words which of them is wrong: for the gateway that serves it, and for the
// doctor.
package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"lectern/cmd/lectern/config"
)

// Fault is why a certificate cannot be used.
type Fault struct {
	Setting string // names the file
	What    string
	Mend    string
}

func (f *Fault) Error() string { return f.Setting + ": " + f.What + "; " + f.Mend }

// The settings that name the files.
const (
	certificateSetting = "web.tls.certificate"
	keySetting         = "web.tls.key"
)

// Read reads the files. All its errors are Faults.
func Read(files config.TLS) (*tls.Certificate, error) {
	certificate, err := read(certificateSetting, files.Certificate)
	if err != nil {
		return nil, err
	}
	key, err := read(keySetting, files.Key)
	if err != nil {
		return nil, err
	}
	if err := checkCertificate(files.Certificate, certificate); err != nil {
		return nil, err
	}
	if err := checkKey(files.Key, key); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, &Fault{keySetting, files.Key + " is not the key of the certificate in " + files.Certificate, "name the two files that were made together"}
	}
	return &pair, nil
}

func read(setting, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	var cause *fs.PathError
	switch {
	case err == nil:
		return text, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Fault{setting, path + " is not there", "bring the file there, or correct the setting"}
	case errors.As(err, &cause):
		err = cause.Err
	}
	return nil, &Fault{setting, fmt.Sprintf("%s cannot be read: %v", path, err), "let the gateway's user read that file"}
}

// checkCertificate looks at the first certificate, which is the page's own.
func checkCertificate(path string, text []byte) error {
	block := find(text, func(kind string) bool { return kind == "CERTIFICATE" })
	if block == nil {
		return &Fault{certificateSetting, path + " holds no certificate", "name the PEM file with -----BEGIN CERTIFICATE-----"}
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return &Fault{certificateSetting, path + " holds a damaged certificate", "put the one there that was issued"}
	}
	return nil
}

func checkKey(path string, text []byte) error {
	block := find(text, func(kind string) bool { return strings.HasSuffix(kind, "PRIVATE KEY") })
	switch {
	case block == nil:
		return &Fault{keySetting, path + " holds no private key", "name the PEM file with -----BEGIN PRIVATE KEY-----"}
	case strings.HasPrefix(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return &Fault{keySetting, path + " has a passphrase, for which nobody is asked", "take it off: openssl pkey -in " + path + " -out NEW"}
	case !isKey(block.Bytes):
		return &Fault{keySetting, path + " holds a damaged private key, or one of a kind that is not understood", "put the one there that the certificate was made with"}
	}
	return nil
}

// isKey tells whether bytes are a private key in one of the forms that
// tls.X509KeyPair takes.
func isKey(der []byte) bool {
	_, pkcs8 := x509.ParsePKCS8PrivateKey(der)
	_, pkcs1 := x509.ParsePKCS1PrivateKey(der)
	_, sec1 := x509.ParseECPrivateKey(der)
	return pkcs8 == nil || pkcs1 == nil || sec1 == nil
}

// find gives the first block of PEM of a kind, or nil.
func find(text []byte, is func(kind string) bool) *pem.Block {
	for {
		block, rest := pem.Decode(text)
		if block == nil || is(block.Type) {
			return block
		}
		text = rest
	}
}
