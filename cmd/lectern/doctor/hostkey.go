package doctor

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/crypto/ssh"
)

// smallestRSA is the shortest RSA key that OpenSSH's clients still take without
// a word.
const smallestRSA = 2048

// hostKey looks at the key by which learners' ssh knows the server again. It
// makes none: that is the gateway's.
func (d *Doctor) hostKey(context.Context) Finding {
	path := d.Settings.SSH.HostKey
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(d.inDataFolder(databaseName)); err == nil {
			return bad(path+" is gone, and a gateway was here: with a new key, every learner's ssh warns of an attack",
				"restore it, and name it in ssh.host_key")
		}
		return skipped("not made yet; lectern serve makes it at its first start")
	}
	if err != nil {
		return bad(err.Error(), "let the gateway's user read it")
	}
	info, err := os.Stat(path)
	if err != nil {
		return bad(err.Error(), "let the gateway's user read it")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return bad(fmt.Sprintf("others can read %s (mode %04o), and could pose as this server", path, info.Mode().Perm()), "chmod 600 "+path)
	}
	const anew = "make a new one: ssh-keygen -t ed25519 -N '' -f "
	raw, err := ssh.ParseRawPrivateKey(text)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return bad(path+" has a passphrase, for which nobody is asked", "take it off: ssh-keygen -p -N '' -f "+path)
	case err != nil:
		return bad(fmt.Sprintf("%s is no private key: %v", path, err), anew+path)
	}
	signer, err := ssh.NewSignerFromKey(raw)
	if err != nil {
		return bad(fmt.Sprintf("%s is of a kind that no ssh takes: %v", path, err), anew+path)
	}
	if key, ok := raw.(*rsa.PrivateKey); ok && key.N.BitLen() < smallestRSA {
		return bad(fmt.Sprintf("%s is an RSA key of %d bits, which ssh refuses", path, key.N.BitLen()), anew+path)
	}
	return good(fmt.Sprintf("%s %s", signer.PublicKey().Type(), ssh.FingerprintSHA256(signer.PublicKey())))
}
