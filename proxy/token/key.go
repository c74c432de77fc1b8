package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"lectern/internal/wholefile"
)

const (
	privateType = "PRIVATE KEY" // PKCS #8 (RFC 5958)
	publicType  = "PUBLIC KEY"  // SubjectPublicKeyInfo (RFC 5280)
)

// OpenSigner reads the private key from the PEM file at path, and makes both
// where there is none.
func OpenSigner(path string) (*Signer, error) {
	s, err := ReadSigner(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	private, _, err := GenerateKeys()
	if err != nil {
		return nil, err
	}
	err = wholefile.Create(path, func(temporary string) error { return os.WriteFile(temporary, private, 0o600) })
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keep the key of the session tokens: %w", err)
	}
	return ReadSigner(path) // perhaps another's, who was faster
}

// ReadSigner reads the private key from the PEM file at path.
func ReadSigner(path string) (*Signer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key of the session tokens: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != privateType {
		return nil, fmt.Errorf("%s holds no private key in PEM: make a new one with lectern keys", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s holds no Ed25519 key: make a new one with lectern keys", path)
	}
	return &Signer{key: key}, nil
}

// NewSigner makes a key that is nowhere else, for tokens of its own process.
func NewSigner() (*Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of the session tokens: %w", err)
	}
	return &Signer{key: key}, nil
}

// ReadVerifier reads the public keys from the PEM file at path: several, while
// an old one is being replaced.
func ReadVerifier(path string) (*Verifier, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the public key of the session tokens: %w", err)
	}
	var keys []ed25519.PublicKey
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		key, ok := parsed.(ed25519.PublicKey)
		if err != nil || !ok || block.Type != publicType {
			return nil, fmt.Errorf("%s holds something else than public Ed25519 keys in PEM: give it the public half that lectern keys has made", path)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no public key in PEM: give it the public half that lectern keys has made", path)
	}
	return newVerifier(keys...), nil
}

// GenerateKeys makes a pair, both halves in PEM.
func GenerateKeys() (private, public []byte, err error) {
	publicKey, privateKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make the key of the session tokens: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(privateKey)
	if err != nil {
		return nil, nil, err
	}
	pkix, err := x509.MarshalPKIXPublicKey(publicKey)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateType, Bytes: pkcs8}),
		pem.EncodeToMemory(&pem.Block{Type: publicType, Bytes: pkix}), nil
}
