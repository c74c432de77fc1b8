//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"lectern/internal/lecterntest"
)

const (
	gatewayNamespace = "lectern"
	sandboxNamespace = "lectern-sandboxes"
)

// deployment is Lectern as manifests/base installs it, with keys of the test.
type deployment struct {
	client    kubernetes.Interface
	dir       string // keys, by login
	overlaid  string // the folder that was applied
	host      string
	port      string
	terminals *lecterntest.Terminals
}

// installation is what a test wants besides manifests/base.
type installation struct {
	// components are folders of manifests/components.
	components []string
	// settings changes lectern.yaml.
	settings func(text string) string
	// patches are further lines of the kustomization.
	patches string
	// deployments are those of the components.
	deployments []string
	// prepare makes what the Pods wait for: it runs once all is applied.
	prepare func(t *testing.T, d *deployment)
}

// deploy installs manifests/base alone.
func deploy(t *testing.T, logins ...string) *deployment {
	t.Helper()
	return deployWith(t, installation{}, logins...)
}

// deployWith applies the manifests by kubectl and waits until the gateway is
// available. At the end everything is deleted again.
func deployWith(t *testing.T, want installation, logins ...string) *deployment {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{client: kubernetes.NewForConfigOrDie(config), dir: t.TempDir()}
	if _, err := d.client.CoreV1().Namespaces().Get(t.Context(), gatewayNamespace, metav1.GetOptions{}); err == nil {
		t.Skip("this cluster has a Lectern already, which stays as it is")
	}
	d.terminals = lecterntest.NewTerminals(t, d.dir)
	overlay := d.overlay(t, want, d.makeKeys(t, logins...))
	d.overlaid = overlay
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(kubectl(t, "get", "pods", "-A"))
			for _, name := range append([]string{"lectern-gateway"}, want.deployments...) {
				t.Log(kubectl(t, "logs", "-n", gatewayNamespace, "deployment/"+name, "--tail=30"))
			}
		}
		kubectl(t, "delete", "-k", overlay, "--ignore-not-found", "--wait=true", "--timeout=120s")
	})
	kubectl(t, "apply", "-k", overlay)
	if want.prepare != nil {
		want.prepare(t, d)
	}
	if !d.hasStorage(t) {
		openFolder(t, "lectern-e2e-data", "claimRef: {namespace: lectern, name: lectern-data}")
	}
	for _, name := range append([]string{"lectern-gateway"}, want.deployments...) {
		kubectl(t, "rollout", "status", "-n", gatewayNamespace, "deployment/"+name, "--timeout=120s")
	}
	if t.Failed() {
		t.FailNow()
	}
	service, err := d.client.CoreV1().Services(gatewayNamespace).Get(t.Context(), "lectern-ssh", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.port = fmt.Sprint(service.Spec.Ports[0].NodePort)
	d.host = nodeAddress(t)
	d.awaitPort(t)
	return d
}

// nodeAddress is where the node is reached.
func nodeAddress(t *testing.T) string {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := kubernetes.NewForConfigOrDie(config).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range nodes.Items[0].Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return address.Address
		}
	}
	t.Fatal("the node has no address")
	return ""
}

// awaitPort waits until the node's port leads to the gateway: the network
// follows a moment after the Pod is ready.
func (d *deployment) awaitPort(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(d.host, d.port), time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the gateway's port does not open: %v", err)
		}
	}
}

// makeKeys makes a key for each login and returns the public ones, which are
// also in the file authorized_keys.
func (d *deployment) makeKeys(t *testing.T, logins ...string) string {
	t.Helper()
	var authorized strings.Builder
	for _, login := range logins {
		out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", login, "-f", filepath.Join(d.dir, login)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		key, err := os.ReadFile(filepath.Join(d.dir, login+".pub"))
		if err != nil {
			t.Fatal(err)
		}
		authorized.Write(key)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "authorized_keys"), []byte(authorized.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return authorized.String()
}

// overlay is manifests/base with people's keys and what the test wants, as
// manifests/README.md says.
func (d *deployment) overlay(t *testing.T, want installation, authorized string) string {
	t.Helper()
	dir := t.TempDir()
	base, err := filepath.Abs("../../manifests/base")
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(dir, base)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := os.ReadFile(filepath.Join(base, "lectern.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	settings = bytes.Replace(settings, []byte("\nauth:\n"), []byte("\nauth:\n  authorized_keys: /etc/lectern/authorized_keys\n"), 1)
	if want.settings != nil {
		settings = []byte(want.settings(string(settings)))
	}
	var components []string
	for _, name := range append(want.components, "sandbox-settings") { // which comes last
		components = append(components, filepath.Join(relative, "../components", name))
	}
	for name, text := range map[string]string{
		"lectern.yaml": string(settings), "authorized_keys": authorized,
		"kustomization.yaml": fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [%s]
components: [%s]
configMapGenerator:
  - name: lectern
    namespace: lectern
    behavior: merge
    files: [lectern.yaml, authorized_keys]
  - name: lectern-sandbox
    namespace: lectern
    behavior: merge
    literals: ["image=%s"]
%s`, relative, strings.Join(components, ", "), lecterntest.SandboxImage(), want.patches),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// hasStorage tells whether the cluster makes volumes for claims by itself.
func (d *deployment) hasStorage(t *testing.T) bool {
	t.Helper()
	classes, err := d.client.StorageV1().StorageClasses().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return len(classes.Items) > 0
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	// Not the test's context: at clean-up that is over.
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "kubectl", args...).CombinedOutput()
	if err != nil {
		t.Errorf("kubectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// ssh is the command by which a learner comes.
func (d *deployment) ssh(login string, more ...string) []string {
	return append([]string{
		"ssh", "-F", "/dev/null", "-i", filepath.Join(d.dir, login), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=" + filepath.Join(d.dir, "known_hosts"), "-o", "LogLevel=ERROR",
		"-p", d.port, login + "@" + d.host,
	}, more...)
}

func (d *deployment) run(t *testing.T, login string, command ...string) string {
	t.Helper()
	args := d.ssh(login, command...)
	out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Errorf("ssh %s %s: %v: %s", login, strings.Join(command, " "), err, out)
	}
	return string(out)
}
