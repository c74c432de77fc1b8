//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/cmd/lectern/doctor"
)

// TestDoctor has lectern doctor look at a Lectern as the manifests install it:
// all is well, and then one thing after the other is not.
func TestDoctor(t *testing.T) {
	node := nodeAddress(t)
	u := playUpstream(t, node)
	d := deployWith(t, withSite(withClaude(t, u), u.url), "ada")

	t.Run("as a Job", func(t *testing.T) {
		text := d.doctorJob(t)
		t.Log("\n" + text)
		for _, row := range []string{
			"settings", "courses", "teacher", "data folder", "host key", "site of the keys", "clock", "SSH port", "API server",
			"rights", "no more rights", "namespace", "Pod Security", "admission policy", "quota", "image", "other sandboxes",
			"cluster API", "gateway", "cloud metadata", "outside", "API proxy", "API key", "events",
		} {
			if !strings.Contains(text, "\n  ✓ "+row+" ") {
				t.Errorf("the row %s is not ✓", row)
			}
		}
		if strings.Contains(text, "✗") {
			t.Error("something is wrong")
		}
	})
	t.Run("by scripts/node-status", func(t *testing.T) {
		doctor := d.doctorCommand(t)
		cmd := exec.CommandContext(t.Context(), "../../scripts/node-status", slices.DeleteFunc(doctor.Args[2:], func(arg string) bool { return arg == "--json" })...)
		cmd.Env = doctor.Env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
		for _, want := range []string{"nodes\nNAME", "\nsandboxes in lectern-sandboxes\nLEARNER", "\nquota\nNAME", "\n  ✓ other sandboxes "} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%q is not in %s", want, out)
			}
		}
	})
	t.Run("from outside", func(t *testing.T) {
		d.finds(t, d.doctor(t), map[string]string{})
	})
	t.Run("of an account that may too much", func(t *testing.T) {
		d.widen(t)
		d.finds(t, d.doctor(t), map[string]string{
			"no more rights": "may also create clusterrolebindings.rbac.authorization.k8s.io everywhere, get secrets in lectern",
		})
	})
	t.Run("of an account that may too little", func(t *testing.T) {
		kubectl(t, "delete", "rolebinding", "-n", sandboxNamespace, "lectern-gateway")
		t.Cleanup(func() { kubectl(t, "apply", "-k", d.overlaid) })
		d.finds(t, d.doctor(t), map[string]string{"rights": "may not get pods"})
	})
	t.Run("without the image", func(t *testing.T) {
		d.finds(t, d.doctor(t, "--sandbox.kubernetes.image", "lectern-none:latest", "--sandbox.kubernetes.pull_policy", "Never", "--as", ""), map[string]string{
			"no more rights": "may also do everything everywhere", "admission policy": "may make a Pod of another image",
			"image": "the image lectern-none:latest is not to be had: ",
		})
	})
	t.Run("without Pod Security", func(t *testing.T) {
		kubectl(t, "label", "namespace", sandboxNamespace, "--overwrite", "pod-security.kubernetes.io/enforce=baseline")
		t.Cleanup(func() { kubectl(t, "apply", "-k", d.overlaid) })
		d.finds(t, d.doctor(t), map[string]string{"Pod Security": "does not refuse a Pod that may be root"})
	})
	t.Run("without room", func(t *testing.T) {
		d.finds(t, d.doctor(t, "--sandbox.max_sessions", "50"), map[string]string{"quota": "there is room for 6 sandboxes and max_sessions is 50"})
	})
	t.Run("interrupted", d.interrupted)
	t.Run("without walls", func(t *testing.T) {
		withoutPolicies(t)
		d.finds(t, d.doctor(t), map[string]string{
			"other sandboxes": "this cluster's network does not enforce NetworkPolicies",
			"cluster API":     "a learner's sandbox can reach the API server",
			"gateway":         "a learner's sandbox can reach the gateway",
			"outside":         "a learner's sandbox can reach addresses outside",
			// Its own Pod's rules stay as they were, and do not know the probe.
			"API proxy": "a sandbox does not reach",
		})
	})
	if log := kubectl(t, "logs", "-n", gatewayNamespace, "deployment/lectern-gateway"); strings.Contains(log, "probe-") {
		t.Errorf("the gateway has taken a probe for a sandbox: %s", log)
	}
}

// withSite has the gateway find learners' keys where the test plays the API.
func withSite(in installation, site string) installation {
	settings := in.settings
	in.settings = func(text string) string {
		return strings.Replace(settings(text), "\nauth:\n", "\nauth:\n  github_url: "+site+"\n", 1)
	}
	in.patches += `
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: lectern-gateway, namespace: lectern}
      spec:
        template:
          spec:
            containers:
              - name: gateway
                env:
                  - {name: SSL_CERT_FILE, value: /etc/upstream/upstream.pem}
                volumeMounts:
                  - {name: upstream, mountPath: /etc/upstream, readOnly: true}
            volumes:
              - name: upstream
                configMap: {name: upstream}
`
	return in
}

// doctorJob runs the component doctor on top of what was applied, as the README
// of the manifests says, and returns what it prints.
func (d *deployment) doctorJob(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	component, err := filepath.Abs("../../manifests/components/doctor")
	if err != nil {
		t.Fatal(err)
	}
	var relative [2]string
	for i, to := range []string{d.overlaid, component} {
		if relative[i], err = filepath.Rel(dir, to); err != nil {
			t.Fatal(err)
		}
	}
	kustomization := fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [%s]
components: [%s]
patches:
  - patch: |-
      apiVersion: batch/v1
      kind: Job
      metadata: {name: lectern-doctor, namespace: lectern}
      spec: {template: {spec: {hostAliases: %s}}}
`, relative[0], relative[1], d.aliases(t, "lectern-ssh", "lectern-metrics", "lectern-events", "lectern-proxy"))
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "apply", "-k", dir)
	t.Cleanup(func() { kubectl(t, "delete", "job", "-n", gatewayNamespace, "lectern-doctor") })
	kubectl(t, "wait", "-n", gatewayNamespace, "job/lectern-doctor", "--for=jsonpath={.status.ready}=1", "--timeout=1m")
	text := "\n" + kubectl(t, "logs", "-n", gatewayNamespace, "-f", "job/lectern-doctor")
	kubectl(t, "wait", "-n", gatewayNamespace, "job/lectern-doctor", "--for=condition=Complete", "--timeout=30s")
	return text
}

// aliases are the addresses of Services, where the cluster has nobody who would
// tell them.
func (d *deployment) aliases(t *testing.T, names ...string) string {
	t.Helper()
	var aliases []string
	for _, name := range names {
		s, err := d.client.CoreV1().Services(gatewayNamespace).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		aliases = append(aliases, fmt.Sprintf(`{"ip": %q, "hostnames": [%q]}`, s.Spec.ClusterIP, name+"."+gatewayNamespace+".svc"))
	}
	return "[" + strings.Join(aliases, ", ") + "]"
}

// doctorCommand is the doctor on an operator's machine, with the settings of the
// gateway as far as they can be used there.
func (d *deployment) doctorCommand(t *testing.T, more ...string) *exec.Cmd {
	t.Helper()
	address := strings.TrimSpace(kubectl(t, "get", "service", "-n", gatewayNamespace, "lectern-proxy", "-o", "jsonpath={.spec.clusterIP}"))
	for file, key := range map[string]string{"private.pem": `session-token-private\.pem`, "events": "events-secret"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c",
			"kubectl get secret -n lectern lectern-gateway-keys -o jsonpath='{.data."+key+"}' | base64 -d > "+filepath.Join(d.dir, file)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	site := strings.TrimSpace(kubectl(t, "get", "configmap", "-n", gatewayNamespace, "upstream", "-o", `jsonpath={.data.upstream\.pem}`))
	if err := os.WriteFile(filepath.Join(d.dir, "upstream.pem"), []byte(site+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		"doctor", "--json", "--config", filepath.Join(d.overlaid, "lectern.yaml"), "--as", "system:serviceaccount:lectern:lectern-gateway",
		"--data_dir", filepath.Join(d.dir, "data"), "--courses.sources", "../../courses", "--auth.authorized_keys", "",
		"--sandbox.agent", "claude", "--proxy.url", "http://" + address + ":8787",
		"--proxy.session_tokens.private_key_file", filepath.Join(d.dir, "private.pem"),
		"--proxy.events.listen", ":8081", "--proxy.events.secret_file", filepath.Join(d.dir, "events"),
		"--sandbox.kubernetes.storage.kind", "pvc",
	}, more...)
	cmd := exec.CommandContext(t.Context(), "../../bin/lectern", args...)
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+filepath.Join(d.dir, "upstream.pem"))
	return cmd
}

// visited is what the doctor prints as JSON.
type visited struct {
	OK   bool         `json:"ok"`
	Rows []doctor.Row `json:"rows"`
}

// doctor looks, and leaves nothing behind.
func (d *deployment) doctor(t *testing.T, more ...string) visited {
	t.Helper()
	cmd := d.doctorCommand(t, more...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	var v visited
	if parsed := json.Unmarshal(out, &v); parsed != nil {
		t.Fatalf("%v, %v: %s%s", parsed, err, out, &complaint)
	}
	if (err == nil) != v.OK || complaint.String() != "" {
		t.Errorf("ok is %t, and the exit status %v: %s", v.OK, err, &complaint)
	}
	d.noProbes(t)
	return v
}

func (d *deployment) noProbes(t *testing.T) {
	t.Helper()
	if left := kubectl(t, "get", "pods", "-n", sandboxNamespace, "-l", "lectern/probe", "-o", "name"); left != "" {
		t.Errorf("probes are left: %s", left)
	}
}

// finds checks that exactly these rows are bad, and say so in these words.
func (d *deployment) finds(t *testing.T, v visited, wrong map[string]string) {
	t.Helper()
	if v.OK != (len(wrong) == 0) {
		t.Errorf("ok is %t", v.OK)
	}
	for _, r := range v.Rows {
		words, want := wrong[r.Name]
		switch {
		case want && (r.State != doctor.Bad || !strings.Contains(r.Text, words) || r.Mend == ""):
			t.Errorf("the row is %+v; want ✗ with %q and a mend", r, words)
		case !want && r.State == doctor.Bad:
			t.Errorf("the row is %+v; want no ✗", r)
		}
		delete(wrong, r.Name)
	}
	for name := range wrong {
		t.Errorf("there is no row %s", name)
	}
}

// widen gives the gateway's account what it must not have.
func (d *deployment) widen(t *testing.T) {
	t.Helper()
	for _, made := range [][]string{
		{"role", "-n", gatewayNamespace, "too-wide", "--verb=get", "--resource=secrets"},
		{"rolebinding", "-n", gatewayNamespace, "too-wide", "--role=too-wide", "--serviceaccount=lectern:lectern-gateway"},
		{"clusterrole", "lectern-e2e-too-wide", "--verb=create", "--resource=clusterrolebindings.rbac.authorization.k8s.io"},
		{"clusterrolebinding", "lectern-e2e-too-wide", "--clusterrole=lectern-e2e-too-wide", "--serviceaccount=lectern:lectern-gateway"},
	} {
		kubectl(t, append([]string{"create"}, made...)...)
		name := made[1:2]
		if made[1] == "-n" {
			name = made[1:4]
		}
		t.Cleanup(func() { kubectl(t, append([]string{"delete", made[0]}, name...)...) })
	}
}

// interrupted ends the doctor by Ctrl-C while its probes are there.
func (d *deployment) interrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w, err := d.client.CoreV1().Pods(sandboxNamespace).Watch(ctx, metav1.ListOptions{LabelSelector: "lectern/probe"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	cmd := d.doctorCommand(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-w.ResultChan()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the exit status is 0")
	}
	d.noProbes(t)
}

// withoutPolicies stops the controller of network policies for the test's time.
func withoutPolicies(t *testing.T) {
	t.Helper()
	cluster, name := os.Getenv("CLUSTER_COMMAND"), os.Getenv("CLUSTER_NAME")
	if cluster == "" {
		t.Skip("only in a cluster of test/cluster may its network be switched off")
	}
	control := func(verb string) {
		if out, err := exec.Command(cluster, "--name", name, verb, "kube-router").CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", verb, err, out)
		}
	}
	control("stop")
	t.Cleanup(func() { control("start") })
}
