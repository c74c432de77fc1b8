//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
)

// program is the real gateway as a process of its own beside the cluster, so
// that it can be killed.
type program struct {
	path, dir, port, namespace string
	cmd                        *exec.Cmd
	said                       *lecterntest.Screen
}

// serve starts the gateway and waits until it listens.
func (p *program) serve(t *testing.T) {
	t.Helper()
	p.said = lecterntest.NewScreen()
	p.cmd = exec.Command(p.path, "serve", "--data_dir", filepath.Join(p.dir, "data"), "--ssh.listen", "127.0.0.1:"+p.port,
		"--metrics.listen", "", "--web.enabled=false", "--courses.sources", filepath.Join("..", "..", "courses"),
		"--auth.users", "ada", "--auth.authorized_keys", filepath.Join(p.dir, "authorized_keys"),
		"--sandbox.backend", "kubernetes", "--sandbox.kubernetes.namespace", p.namespace, "--sandbox.max_sessions", "5",
		"--sandbox.kubernetes.image", lecterntest.SandboxImage(), "--sandbox.kubernetes.kubeconfig", os.Getenv("KUBECONFIG"),
		"--sandbox.kubernetes.requests.cpu", "20m", "--sandbox.kubernetes.requests.memory", "64Mi")
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.said.Expect(t, "msg=listening")
}

func (p *program) end(signal syscall.Signal) {
	_ = p.cmd.Process.Signal(signal)
	_ = p.cmd.Wait()
}

// TestGatewayKilled kills the gateway while five learners study. After its
// restart all five are back in the same processes, and nothing is left over.
func TestGatewayKilled(t *testing.T) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(config)
	dir := t.TempDir()
	path, err := lecterntest.Build(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	gateway := &program{path: path, dir: dir, port: port, namespace: lecterntest.Namespace(t, client)}
	d := &deployment{client: client, dir: dir, host: "127.0.0.1", port: port, terminals: lecterntest.NewTerminals(t, dir)}
	five := learners[:5]
	d.makeKeys(t, five...)
	gateway.serve(t)
	t.Cleanup(func() { gateway.end(syscall.SIGTERM) })

	uids := func() string {
		pods, err := client.CoreV1().Pods(gateway.namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, pod := range pods.Items {
			list = append(list, fmt.Sprint(pod.Name, " ", pod.UID, " restarts ", pod.Status.ContainerStatuses[0].RestartCount))
		}
		return strings.Join(list, "\n")
	}
	screens := make(map[string]*lecterntest.Terminal)
	for _, login := range five {
		screens[login] = d.terminals.Open(login, "100x30", d.ssh(login)...)
	}
	for _, login := range five {
		screens[login].Expect(`› ▸ open +1  Before the password`)
		screens[login].Press("Enter")
	}
	for _, login := range five {
		screens[login].Expect("You will learn")
		screens[login].Press("Enter")
		screens[login].Expect("Two lines in the clear")
	}
	before := uids()
	gateway.end(syscall.SIGKILL)
	for _, login := range five {
		screens[login].Expect(`\[exit 255\]`)
	}
	gateway.serve(t)
	for _, login := range five {
		screens[login] = d.terminals.Open(login+" again", "100x30", d.ssh(login)...)
	}
	for _, login := range five {
		screens[login].Expect("► Continue.*Stage 1")
		screens[login].Press("Enter")
		screens[login].Expect("Two lines in the clear")
	}
	if after := uids(); after != before {
		t.Errorf("before the kill there were\n%s\nand after it\n%s", before, after)
	}
	// The holder counts the joins: this is the same process, not a new one.
	for _, login := range five {
		epoch := kubectl(t, "get", "pod", "-n", gateway.namespace, sandbox.Name(login), "-o", `jsonpath={.metadata.annotations.lectern/epoch}`)
		if epoch != "2" {
			t.Errorf("%s is at epoch %q, want 2", login, epoch)
		}
	}
	for _, login := range five {
		screens[login].Press("q")
		screens[login].Expect("y leave")
		screens[login].Press("y")
		screens[login].Expect(`› ▸ open +1  Before the password`)
	}
	for deadline := time.Now().Add(30 * time.Second); uids() != ""; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("these are left:\n%s", uids())
		}
	}
	if t.Failed() {
		t.Log(gateway.said.All())
	}
}
