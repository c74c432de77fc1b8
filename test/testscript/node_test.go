package testscript_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"charm.land/ssh"
)

// TestKubeconfigOverSSH fetches one from a node that the test plays: whatever the
// script asks it to run it runs, below a root of its own.
func TestKubeconfigOverSSH(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	node := &ssh.Server{
		PublicKeyHandler: func(ssh.Context, ssh.PublicKey) bool { return true },
		Handler: func(s ssh.Session) {
			cmd := exec.Command("sh", "-c", strings.ReplaceAll(s.RawCommand(), "/etc/", root+"/etc/"))
			cmd.Stdin, cmd.Stdout, cmd.Stderr = s, s, s.Stderr()
			if cmd.Run() != nil {
				_ = s.Exit(1)
			}
		},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- node.Serve(listener) }()
	t.Cleanup(func() {
		_ = node.Close()
		<-served
	})

	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	fetch := func(more ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "../../scripts/fetch-kubeconfig", append(more, "ssh://operator@"+listener.Addr().String(), filepath.Join(dir, "kubeconfig"))...)
		cmd.Env = append(os.Environ(), "SSH=ssh -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "+key)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if said, err := fetch(); err == nil || !strings.Contains(said, "neither k3s nor kubeadm has a kubeconfig here") {
		t.Errorf("of a node without a cluster it says %v: %s", err, said)
	}
	if err := os.MkdirAll(filepath.Join(root, "etc/kubernetes"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "clusters:\n- cluster:\n    server: https://10.0.0.4:6443\n  name: kubernetes\nkind: Config\n"
	if err := os.WriteFile(filepath.Join(root, "etc/kubernetes/admin.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := fetch(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	got, err := os.ReadFile(filepath.Join(dir, "kubeconfig"))
	if want := strings.Replace(text, "10.0.0.4", "127.0.0.1", 1); err != nil || string(got) != want {
		t.Errorf("%v: %s", err, got)
	}
	if said, err := fetch(); err == nil || !strings.Contains(said, "stays as it is") {
		t.Errorf("a file that is there: %v: %s", err, said)
	}
	if said, err := fetch("--force"); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}
