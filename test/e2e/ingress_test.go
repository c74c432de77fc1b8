//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lectern/internal/lecterntest"
)

// middlewareKind is what Traefik's definition of its object comes down to.
const middlewareKind = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: middlewares.traefik.io}
spec:
  group: traefik.io
  names: {kind: Middleware, plural: middlewares, singular: middleware}
  scope: Namespaced
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

// TestIngress installs the component ingress in a cluster that knows Traefik's
// kind of objects: here, if need be, without a Traefik. What that would ask for,
// from the namespace that it runs in, is answered, and from no other.
func TestIngress(t *testing.T) {
	knowMiddleware(t)
	d := deployWith(t, installation{
		components: []string{"ingress"},
		patches: `  - name: lectern-ingress # one more of the list above
    namespace: lectern
    literals: [host=lab.example.org, issuer=letsencrypt, proxies=10.244.0.0/16]
`,
	}, "ada")
	if host := kubectl(t, "get", "ingress", "-n", gatewayNamespace, "lectern-web", "-o", "jsonpath={.spec.tls[0].hosts[0]}"); host != "lab.example.org" {
		t.Errorf("the Ingress is for %q", host)
	}
	kubectl(t, "get", "middlewares.traefik.io", "-n", gatewayNamespace, "lectern-https")
	if said := d.run(t, "ada", "web"); !strings.Contains(said, "https://lab.example.org/#") {
		t.Errorf("ssh ada@host web says %q", said)
	}
	d.asksThePage(t)
}

// knowMiddleware makes Traefik's kind of object known, where it is not.
func knowMiddleware(t *testing.T) {
	t.Helper()
	if there := kubectl(t, "get", "crd", "middlewares.traefik.io", "--ignore-not-found", "-o", "name"); there != "" {
		return
	}
	file := filepath.Join(t.TempDir(), "middleware.yaml")
	if err := os.WriteFile(file, []byte(middlewareKind), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kubectl(t, "delete", "-f", file, "--ignore-not-found", "--wait=true", "--timeout=60s") })
	kubectl(t, "apply", "-f", file)
	kubectl(t, "wait", "--for=condition=Established", "--timeout=60s", "crd/middlewares.traefik.io")
}

// asksThePage asks for it as an ingress controller does, and as others may try.
func (d *deployment) asksThePage(t *testing.T) {
	t.Helper()
	elsewhere := lecterntest.Namespace(t, d.client)
	d.listen(t, "lectern-test-controller", "kube-system", 9999)
	d.listen(t, "outside", elsewhere, 9999)
	page := strings.TrimSpace(kubectl(t, "get", "service", "-n", gatewayNamespace, "lectern-web", "-o", "jsonpath={.spec.clusterIP}"))
	ask := func(namespace, name string) string {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		out, _ := exec.CommandContext(ctx, "kubectl", "exec", "-n", namespace, name, "--", "timeout", "3", "bash", "-c",
			`exec 3<>/dev/tcp/`+page+`/8080; printf 'GET / HTTP/1.1\r\nHost: lab.example.org\r\nConnection: close\r\n\r\n' >&3; cat <&3`).CombinedOutput()
		return string(out)
	}
	said := ask("kube-system", "lectern-test-controller")
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(said, "HTTP/1.1 200"); said = ask("kube-system", "lectern-test-controller") {
		if time.Now().After(deadline) {
			t.Fatalf("the ingress controller gets no page, but %q", said)
		}
		time.Sleep(100 * time.Millisecond) // a new Pod is known to the policies a moment later
	}
	for _, header := range []string{"Strict-Transport-Security: max-age=", "Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff"} {
		if !strings.Contains(said, header) {
			t.Errorf("the page comes without %s:\n%.1000s", header, said)
		}
	}
	if said := ask(elsewhere, "outside"); strings.Contains(said, "HTTP/") {
		t.Errorf("a Pod of another namespace gets the page past the ingress: %.200s", said)
	}
}
