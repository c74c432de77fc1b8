package auth

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"lectern/internal/wholefile"
)

// ThrowAwayKey gives the public half of the private key at path. Where there
// is none, it makes an Ed25519 key without a passphrase there, in OpenSSH's
// format, readable by this user only; and the public half beside it, with
// .pub added to the name. A file that is no such key is an error, and stays.
func ThrowAwayKey(path string) (ssh.PublicKey, error) {
	public, err := readThrowAwayKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = makeThrowAwayKey(path)
		// Another process may have been quicker; then its key counts.
		if err == nil || errors.Is(err, fs.ErrExist) {
			public, err = readThrowAwayKey(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("get the key %s: %w", path, err)
	}
	if err := writePublicHalf(path+".pub", public); err != nil {
		return nil, fmt.Errorf("write the public half of the key %s: %w", path, err)
	}
	return public, nil
}

func readThrowAwayKey(path string) (ssh.PublicKey, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(content)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, errors.New("it has a passphrase, move it away to get a new one")
	}
	if err != nil {
		return nil, fmt.Errorf("it cannot be read as a private key, move it away to get a new one: %w", err)
	}
	// ssh refuses a private key that others can read.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	return signer.PublicKey(), nil
}

func makeThrowAwayKey(path string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, "lectern throw-away key")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return wholefile.Create(path, func(temporary string) error {
		return os.WriteFile(temporary, pem.EncodeToMemory(block), 0o600)
	})
}

func writePublicHalf(path string, public ssh.PublicKey) error {
	line := ssh.MarshalAuthorizedKey(public)
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, line) {
		return nil
	}
	return os.WriteFile(path, line, 0o644)
}
