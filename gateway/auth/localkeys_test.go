package auth

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

func TestLocalKeys(t *testing.T) {
	home := filepath.Join(t.TempDir(), "a[b]*home")
	folder := filepath.Join(home, ".ssh")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	inFile, rsaKey := newKey(t), newRSA(t, 3072)
	for name, content := range map[string]string{
		"id_ed25519.pub": keyWith(inFile, "me@laptop"), "id_rsa.pub": line(rsaKey), "copy.pub": line(inFile),
		"weak.pub": line(newRSA(t, 1024)), "junk.pub": "junk", "id_ed25519": "not looked at", "large.pub": strings.Repeat("x", largestPublicKey+1),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe.pub"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, inAgent := startAgent(t)

	keys, err := LocalKeys(context.Background(), home, socket)
	if err == nil || !strings.Contains(err.Error(), "pipe.pub") || !strings.Contains(err.Error(), "large.pub") {
		t.Errorf("error is %v", err)
	}
	var got []string
	for _, key := range keys {
		got = append(got, ssh.FingerprintSHA256(key.Key))
	}
	want := []string{ssh.FingerprintSHA256(inFile), ssh.FingerprintSHA256(rsaKey), ssh.FingerprintSHA256(inAgent)}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
}

// What has to be typed depends on where the private half is.
func TestLocalKeysSayHowSSHFindsThem(t *testing.T) {
	home := t.TempDir()
	folder := filepath.Join(home, ".ssh")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	socket, inAgent := startAgent(t)
	usual, copied := newKey(t), filepath.Join(folder, "id_ed25519")
	for _, file := range []struct {
		name    string
		key     ssh.PublicKey
		private os.FileMode // 0: there is none
	}{
		{"agent", inAgent, 0}, {"copy", usual, 0o600}, {"id_ed25519", usual, 0o600}, {"id_rsa", newKey(t), 0},
		{"open", newKey(t), 0o644}, {"work", newKey(t), 0o600},
	} {
		path := filepath.Join(folder, file.name)
		if err := os.WriteFile(path+".pub", []byte(line(file.key)), 0o644); err != nil {
			t.Fatal(err)
		}
		if file.private != 0 {
			if err := os.WriteFile(path, nil, file.private); err != nil {
				t.Fatal(err)
			}
		}
	}
	keys, err := LocalKeys(context.Background(), home, socket)
	if err != nil {
		t.Fatal(err)
	}
	want := []LocalKey{{Offered: true}, {File: copied, Offered: true}, {}, {}, {File: filepath.Join(folder, "work")}}
	for i := range keys {
		keys[i].Key = nil
	}
	if !slices.Equal(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}

func TestLocalKeysOfNobody(t *testing.T) {
	keys, err := LocalKeys(context.Background(), t.TempDir(), filepath.Join(t.TempDir(), "no-agent"))
	if err != nil || len(keys) != 0 {
		t.Errorf("LocalKeys = %v, %v", keys, err)
	}
}

// An agent that takes the call and says nothing is not waited for for ever.
func TestLocalKeysOfSilentAgent(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var silent sync.WaitGroup
	silent.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 4))
		cancel()
		_, _ = conn.Read(make([]byte, 1024))
		_, _ = conn.Read(make([]byte, 1024))
	})
	if _, err := LocalKeys(ctx, t.TempDir(), socket); err == nil || !strings.Contains(err.Error(), "SSH agent") {
		t.Errorf("error is %v", err)
	}
	silent.Wait()
}

// startAgent serves an agent with one key.
func startAgent(t *testing.T) (socket string, key ssh.PublicKey) {
	t.Helper()
	public, private, err := newPrivate()
	if err != nil {
		t.Fatal(err)
	}
	keyring := agent.NewKeyring()
	if err := keyring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = agent.ServeAgent(keyring, conn)
	})
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	return socket, sshKey(t, public)
}

func TestThrowAwayKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "key")
	first, err := ThrowAwayKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	content, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(content), "-----BEGIN OPENSSH") {
		t.Errorf("the file begins with %.30q, %v", content, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".pub", []byte("stale"), 0o644); err != nil {
		t.Fatal(err)
	}
	second, err := ThrowAwayKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if fingerprintOf(first) != fingerprintOf(second) || first.Type() != ssh.KeyAlgoED25519 {
		t.Error("the key has changed")
	}
	if half, err := os.ReadFile(path + ".pub"); err != nil || string(half) != line(first) {
		t.Errorf("public half %q, %v", half, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("ssh would refuse the mode %v, %v", info.Mode(), err)
	}
}

func TestThrowAwayKeyKeepsOtherFiles(t *testing.T) {
	_, private, err := newPrivate()
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ content, want string }{
		"text":       {"my notes", "move it away"},
		"empty":      {"", "move it away"},
		"passphrase": {string(pemBytes(block)), "passphrase"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := ThrowAwayKey(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error is %v", err)
			}
			if content, err := os.ReadFile(path); err != nil || string(content) != c.content {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
}

func TestThrowAwayKeyHasOneWinner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	keys := make([]ssh.PublicKey, 6)
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			var err error
			if keys[i], err = ThrowAwayKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, key := range keys {
		if key != nil && fingerprintOf(key) != fingerprintOf(keys[0]) {
			t.Error("two keys were given out")
		}
	}
}
