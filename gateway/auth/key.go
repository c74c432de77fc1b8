package auth

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

const (
	smallestRSA = 2048
	// largestRSA bounds the work that verifying a stranger's signature is.
	largestRSA = 16384
	// mostKeys is how many keys of one account count.
	mostKeys = 100
)

// fingerprint stands for a key: the SHA-256 of its wire form.
type fingerprint [sha256.Size]byte

func fingerprintOf(key ssh.PublicKey) fingerprint { return sha256.Sum256(key.Marshal()) }

// String is the fingerprint as OpenSSH prints it.
func (f fingerprint) String() string {
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(f[:])
}

// parseFingerprint reads what String wrote.
func parseFingerprint(text string) (fingerprint, error) {
	encoded, ok := strings.CutPrefix(text, "SHA256:")
	sum, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil || !ok || len(sum) != sha256.Size {
		return fingerprint{}, fmt.Errorf("%.60q is no fingerprint", text)
	}
	return fingerprint(sum), nil
}

// checkSound accepts the kinds of key that are strong enough. The error says
// what to do.
func checkSound(key ssh.PublicKey) error {
	const instead = "use one made with ssh-keygen -t ed25519"
	if key == nil {
		return errors.New("there is no key, " + instead)
	}
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256:
		return nil
	case ssh.KeyAlgoRSA:
		bits := rsaBits(key)
		if bits < smallestRSA || bits > largestRSA {
			return fmt.Errorf("an RSA key of %d bits is not accepted, at least %d are needed: %s", bits, smallestRSA, instead)
		}
		return nil
	}
	if _, ok := key.(*ssh.Certificate); ok {
		return errors.New("certificates are not accepted, offer the plain key")
	}
	return fmt.Errorf("keys of type %q are not accepted, %s", key.Type(), instead)
}

func rsaBits(key ssh.PublicKey) int {
	if holder, ok := key.(ssh.CryptoPublicKey); ok {
		if public, ok := holder.CryptoPublicKey().(*rsa.PublicKey); ok {
			return public.N.BitLen()
		}
	}
	return 0
}

// errNoKeys says that a key list is something else.
var errNoKeys = errors.New("the answer is no list of keys")

// parseKeyList reads what GitHub gives for an account: a key a line. Lines
// that are no sound key are passed over, but where no line at all is a key,
// something else has answered in GitHub's place. An account without keys has
// an empty list.
func parseKeyList(body []byte) ([]fingerprint, error) {
	var prints []fingerprint
	keys, lines := 0, 0
	for line := range bytes.Lines(body) {
		fields := bytes.Fields(line)
		if len(fields) == 0 {
			continue
		}
		lines++
		key, err := parseKey(fields)
		if err != nil {
			continue
		}
		keys++
		if checkSound(key) == nil && len(prints) < mostKeys {
			prints = append(prints, fingerprintOf(key))
		}
	}
	if lines > 0 && keys == 0 {
		return nil, errNoKeys
	}
	return prints, nil
}

// parseKey reads a key's type and its base64.
func parseKey(fields [][]byte) (ssh.PublicKey, error) {
	if len(fields) < 2 {
		return nil, errNoKeys
	}
	wire, err := base64.StdEncoding.DecodeString(string(fields[1]))
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePublicKey(wire)
	if err != nil {
		return nil, err
	}
	if key.Type() != string(fields[0]) {
		return nil, fmt.Errorf("a key of type %s is called %.40q", key.Type(), fields[0])
	}
	return key, nil
}
