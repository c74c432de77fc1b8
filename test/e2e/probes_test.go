//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
)

// listener is a Pod with an open port: one that stands for a host elsewhere,
// or for the API proxy.
const listener = `
apiVersion: v1
kind: Pod
metadata: {name: %[1]s, namespace: %[2]s, labels: {app.kubernetes.io/name: %[1]s}}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  securityContext:
    runAsUser: 1000
    runAsNonRoot: true
    seccompProfile: {type: RuntimeDefault}
    sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "0"}]
  containers:
    - name: listen
      image: %[3]s
      imagePullPolicy: IfNotPresent
      command: [perl, -MSocket, -e, %[4]q]
      resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 100m, memory: 64Mi}}
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}
`

// serve is Perl that accepts connections on a port, for Debian has Perl.
func serve(port int) string {
	return fmt.Sprintf(`socket(S,PF_INET,SOCK_STREAM,0);bind(S,sockaddr_in(%d,INADDR_ANY))||die $!;listen(S,5);while(accept(C,S)){close C}`, port)
}

// listen starts a listener and returns its address.
func (d *deployment) listen(t *testing.T, name, namespace string, port int) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "kubectl", "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(fmt.Sprintf(listener, name, namespace, lecterntest.SandboxImage(), serve(port)))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { kubectl(t, "delete", "pod", "-n", namespace, name, "--ignore-not-found", "--wait=false") })
	kubectl(t, "wait", "-n", namespace, "pod/"+name, "--for=condition=Ready", "--timeout=60s")
	return strings.TrimSpace(kubectl(t, "get", "pod", "-n", namespace, name, "-o", "jsonpath={.status.podIP}"))
}

// probes tries, from inside ada's sandbox, what the seed's security promises
// rule out, and that what must work does. proxy is a Pod that is, or stands for,
// the API proxy.
func (d *deployment) probes(t *testing.T, proxy string) {
	t.Helper()
	elsewhere := lecterntest.Namespace(t, d.client)
	outside := d.listen(t, "outside", elsewhere, 443)
	resolver := d.listen(t, "resolver", elsewhere, 53)
	apiserver := strings.TrimSpace(kubectl(t, "get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}"))
	gateway := d.podAddress(t, "lectern-gateway")
	neighbour := strings.TrimSpace(kubectl(t, "get", "pod", "-n", sandboxNamespace, sandbox.Name("bob"), "-o", "jsonpath={.status.podIP}"))
	d.listenIn(t, "bob", 7777)

	const connects = `timeout 3 bash -c 'exec 3<>/dev/tcp/%s/%d' 2>&1`
	reach := func(host string, port int) string { return fmt.Sprintf(connects, host, port) }
	for _, probe := range []struct {
		name    string
		command string
		works   bool // whether it must succeed
	}{
		{"control: the neighbour's port is open to itself", "in bob: " + reach("127.0.0.1", 7777), true},
		{"control: the API proxy is reached", reach(proxy, 8787), true},
		{"1 key theft: no secret in the environment", `env | grep -v '^ANTHROPIC_BASE_URL=http://lectern-proxy' | grep -iE 'key|token|secret|anthropic'`, false},
		{"1 key theft: no credentials in files", `find / -xdev \( -name '*token*' -o -name '.credentials*' -o -path '*serviceaccount*' \) -not -path '/usr/*' -not -path '/proc/*' 2>/dev/null | grep .`, false},
		{"1 key theft: no other process's memory or environment", `cat /proc/1/environ | tr '\0' '\n' | grep -v '^ANTHROPIC_BASE_URL=http://lectern-proxy' | grep -iE 'anthropic|secret'`, false},
		{"2 direct calls: a host elsewhere on 443", reach(outside, 443), false},
		{"3 cluster API: the Service", reach(apiserver, 443), false},
		{"3 cluster API: the node's apiserver", reach(d.host, 6443), false},
		{"3 cluster API: the node's kubelet", reach(d.host, 10250), false},
		{"3 cluster API: a token", `cat /var/run/secrets/kubernetes.io/serviceaccount/token`, false},
		{"4 sudo: sudo and su", `sudo -n id || su -c id root </dev/null`, false},
		{"4 sudo: any setuid program", `find / -xdev -perm /6000 -type f 2>/dev/null | grep .`, false},
		{"4 sudo: root", `test "$(id -u)" = 0 || grep -E '^Cap(Eff|Prm|Bnd):.*[1-9a-f]' /proc/self/status || grep -E '^NoNewPrivs:.*0' /proc/self/status`, false},
		{"4 sudo: a new user namespace with rights", `unshare -Ur mount -t tmpfs none /mnt`, false},
		{"5 outside network: the gateway's SSH", reach(gateway, 2222), false},
		{"5 outside network: the gateway's health port", reach(gateway, 9090), false},
		{"5 outside network: the node's SSH port of Lectern", reach(d.host, number(d.port)), false},
		{"6 tampering: the program", `echo x >> /usr/local/bin/lectern`, false},
		{"6 tampering: the system", `touch /etc/x /usr/x /var/x /x`, false},
		{"6 tampering: kernel settings", `echo x > /proc/sys/kernel/core_pattern`, false},
		{"7 other learners: the neighbour's port", reach(neighbour, 7777), false},
		{"7 other learners: the neighbour's files", `ls /proc/*/root/home/lab/papers 2>/dev/null | grep -v ssh-from | grep -E '^[a-z]'`, false},
		{"8 DNS: names", `getent hosts kubernetes.default.svc.cluster.local api.anthropic.com`, false},
		{"8 DNS: port 53 elsewhere", reach(resolver, 53), false},
	} {
		login, command := "ada", probe.command
		if rest, ok := strings.CutPrefix(command, "in bob: "); ok {
			login, command = "bob", rest
		}
		out, err := d.inside(login, command)
		if worked := err == nil; worked != probe.works {
			t.Errorf("%s: %v: %s", probe.name, err, out)
			continue
		}
		t.Logf("%-55s %s", probe.name, map[bool]string{true: "works", false: "refused"}[probe.works])
	}
}

// podAddress is where a Pod of Lectern's own is.
func (d *deployment) podAddress(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(kubectl(t, "get", "pod", "-n", gatewayNamespace, "-l", "app.kubernetes.io/name="+name, "-o", "jsonpath={.items[0].status.podIP}"))
}

// inside runs a command in a learner's sandbox, as somebody who has broken out
// of the tutor would.
func (d *deployment) inside(login, command string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "kubectl", "exec", "-n", sandboxNamespace, sandbox.Name(login), "--", "bash", "-c", command).CombinedOutput()
	return string(out), err
}

// listenIn opens a port inside a learner's sandbox for the test's time.
func (d *deployment) listenIn(t *testing.T, login string, port int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "kubectl", "exec", "-n", sandboxNamespace, sandbox.Name(login), "--", "perl", "-MSocket", "-e", serve(port))
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if _, err := d.inside(login, fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%d", port)); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the port in the neighbour's sandbox did not open")
		}
	}
}

func number(text string) int {
	n := 0
	_, _ = fmt.Sscan(text, &n)
	return n
}
