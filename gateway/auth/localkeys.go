package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

const (
	agentTimeout     = 2 * time.Second
	largestPublicKey = 64 << 10
)

// LocalKey is a sound public key of the person at this machine.
type LocalKey struct {
	Key ssh.PublicKey
	// File holds the private half; empty: no file does that ssh would use.
	File string
	// Offered is whether ssh offers the key without being told to: the agent
	// has it, or the file has a name that ssh looks for.
	Offered bool
}

// lookedFor are the names in .ssh that ssh tries by itself (ssh_config(5),
// IdentityFile).
var lookedFor = []string{"id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"}

// LocalKeys gives those in .ssh/*.pub below home, and those in the agent behind
// the socket, which may be empty. Places that do not exist are passed over.
// Keys are valid even where err is set, which then says what else could not be
// read.
func LocalKeys(ctx context.Context, home, agentSocket string) (keys []LocalKey, err error) {
	seen := map[fingerprint]int{}
	add := func(key LocalKey) {
		if checkSound(key.Key) != nil {
			return
		}
		at, known := seen[fingerprintOf(key.Key)]
		if !known {
			seen[fingerprintOf(key.Key)] = len(keys)
			keys = append(keys, key)
			return
		}
		// Of two files the one that ssh looks for by itself counts.
		if keys[at].File == "" || key.Offered && key.File != "" {
			keys[at].File = key.File
		}
		keys[at].Offered = keys[at].Offered || key.Offered
	}
	paths, err := filepath.Glob(filepath.Join(escapeGlob(home), ".ssh", "*.pub"))
	for _, path := range paths {
		content, readErr := readSmall(path)
		if readErr != nil {
			err = errors.Join(err, fmt.Errorf("read a public key: %w", readErr))
			continue
		}
		if key, _, _, _, parseErr := ssh.ParseAuthorizedKey(content); parseErr == nil {
			file := privateHalf(path)
			add(LocalKey{Key: key, File: file, Offered: slices.Contains(lookedFor, filepath.Base(file))})
		}
	}
	if agentSocket == "" {
		return keys, err
	}
	inAgent, agentErr := agentKeys(ctx, agentSocket)
	if agentErr != nil && !errors.Is(agentErr, fs.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("ask the SSH agent for its keys: %w", agentErr))
	}
	for _, key := range inAgent {
		add(LocalKey{Key: key, Offered: true})
	}
	return keys, err
}

// privateHalf is the file beside a public key that has its private half, or
// empty. ssh ignores one that others can read.
func privateHalf(path string) string {
	path = strings.TrimSuffix(path, ".pub")
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return ""
	}
	return path
}

// escapeGlob keeps brackets in a folder's name from being a pattern.
func escapeGlob(path string) string {
	var escaped []rune
	for _, r := range path {
		if r == '*' || r == '?' || r == '[' || r == '\\' {
			escaped = append(escaped, '\\')
		}
		escaped = append(escaped, r)
	}
	return string(escaped)
}

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > largestPublicKey {
		return nil, fmt.Errorf("%s is no public key file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, largestPublicKey))
}

func agentKeys(ctx context.Context, socket string) ([]ssh.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, agentTimeout)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	// An agent that does not answer ends with the context.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	listed, err := agent.NewClient(conn).List()
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	var keys []ssh.PublicKey
	for _, one := range listed {
		if key, err := ssh.ParsePublicKey(one.Blob); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
