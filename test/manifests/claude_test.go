package manifests_test

import (
	"net/url"
	"os/exec"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// secretsOf are the Secrets that a Pod gets.
func secretsOf(pod corev1.PodSpec) []string {
	var found []string
	for _, v := range pod.Volumes {
		if v.Secret != nil {
			found = append(found, v.Secret.SecretName)
		}
	}
	for _, c := range pod.Containers {
		for _, variable := range c.Env {
			if variable.ValueFrom != nil && variable.ValueFrom.SecretKeyRef != nil {
				found = append(found, variable.ValueFrom.SecretKeyRef.Name)
			}
		}
		for _, from := range c.EnvFrom {
			if from.SecretRef != nil {
				found = append(found, from.SecretRef.Name)
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestTheProxyAloneGetsTheAPIKey(t *testing.T) {
	want := map[string][]string{
		gateway: {"lectern-gateway-keys"},
		proxy:   {"lectern-anthropic", "lectern-proxy-keys"},
	}
	got := map[string][]string{}
	objects := render(t, claude)
	for _, d := range all[*appsv1.Deployment](objects) {
		got[d.Name] = secretsOf(d.Spec.Template.Spec)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the Pods get %v, want %v", got, want)
	}
	if pod := deployment(t, objects, proxy).Spec.Template.Spec; pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("the proxy gets a token of the cluster")
	}
}

func TestNoManifestHoldsASecret(t *testing.T) {
	for _, dir := range everything {
		if n := len(all[*corev1.Secret](render(t, dir))); n > 0 {
			t.Errorf("%s has %d Secrets; name them and let the operator make them", dir, n)
		}
	}
}

// inSecret tells whether a file of the settings lies in a Secret of the Pod.
func inSecret(pod corev1.PodSpec, file, secret string) bool {
	v := volume(pod, path.Dir(file))
	return v != nil && v.Secret != nil && v.Secret.SecretName == secret
}

// Gateway and proxy each know their half, and find each other.
func TestGatewayAndProxyAgree(t *testing.T) {
	objects := render(t, claude)
	gatewayPod, proxyPod := gatewayDeployment(t, objects).Spec.Template.Spec, deployment(t, objects, proxy).Spec.Template.Spec
	of, at := settings(t, objects), settingsOf(t, objects, proxyPod, "proxy")
	if of.Sandbox.Agent != "claude" {
		t.Errorf("the gateway's tutor is %s", of.Sandbox.Agent)
	}
	for file, held := range map[string]bool{
		"private key": inSecret(gatewayPod, of.Proxy.Tokens.PrivateKeyFile, "lectern-gateway-keys"),
		"its secret":  inSecret(gatewayPod, of.Proxy.Events.SecretFile, "lectern-gateway-keys"),
		"public key":  inSecret(proxyPod, at.Proxy.Tokens.PublicKeyFile, "lectern-proxy-keys"),
		"the secret":  inSecret(proxyPod, at.Proxy.Events.SecretFile, "lectern-proxy-keys"),
		"API key":     inSecret(proxyPod, at.Proxy.APIKeyFile, "lectern-anthropic"),
	} {
		if !held {
			t.Errorf("the %s is in no Secret of its Pod", file)
		}
	}
	made := secrets(t)
	for file, secret := range map[string]string{
		of.Proxy.Tokens.PrivateKeyFile: "lectern-gateway-keys", of.Proxy.Events.SecretFile: "lectern-gateway-keys",
		at.Proxy.Tokens.PublicKeyFile: "lectern-proxy-keys", at.Proxy.Events.SecretFile: "lectern-proxy-keys",
	} {
		if len(made[secret][path.Base(file)]) == 0 {
			t.Errorf("lectern keys puts no %s into %s", path.Base(file), secret)
		}
	}
	leadsTo(t, objects, of.Proxy.URL, proxyPod, at.Proxy.Listen)
	leadsTo(t, objects, at.Proxy.Events.URL, gatewayPod, of.Proxy.Events.Listen)
	for page, probes := range map[string][]*corev1.Probe{
		"/healthz": {proxyPod.Containers[0].StartupProbe, proxyPod.Containers[0].LivenessProbe},
		"/readyz":  {proxyPod.Containers[0].ReadinessProbe},
	} {
		for _, probe := range probes {
			if probe == nil || probe.HTTPGet.Path != page || probe.HTTPGet.Port.StrVal != "metrics" {
				t.Errorf("a probe is %+v, want GET %s of the port metrics", probe, page)
			}
		}
	}
}

// secrets is what lectern keys makes, by name.
func secrets(t *testing.T) map[string]map[string][]byte {
	t.Helper()
	text, err := exec.Command(lectern, "keys").Output()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]map[string][]byte{}
	for _, secret := range all[*corev1.Secret](decode(t, "lectern keys", text)) {
		if secret.Namespace != own {
			t.Errorf("%s is in the namespace %s", secret.Name, secret.Namespace)
		}
		made[secret.Name] = secret.Data
	}
	return made
}

// leadsTo checks that an address is that of a Service whose port ends where a
// Pod listens.
func leadsTo(t *testing.T, objects []runtime.Object, address string, pod corev1.PodSpec, listen string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range all[*corev1.Service](objects) {
		if u.Hostname() != service.Name+"."+service.Namespace+".svc" {
			continue
		}
		for _, port := range service.Spec.Ports {
			for _, open := range pod.Containers[0].Ports {
				if open.Name == port.TargetPort.StrVal && ":"+u.Port() == listen && port.Port == open.ContainerPort &&
					strings.HasSuffix(listen, ":"+u.Port()) {
					return
				}
			}
		}
	}
	t.Errorf("%s is no Service that leads to where the Pod listens, %s", address, listen)
}

func TestTheProxyAsksForHTTPSAndTellsTheGateway(t *testing.T) {
	got := policies(t, claude, own)
	of := func(name string) metav1.LabelSelector {
		return metav1.LabelSelector{MatchLabels: map[string]string{nameLabel: name}}
	}
	beside := func(name string) []networkingv1.NetworkPolicyPeer {
		selector := of(name)
		return []networkingv1.NetworkPolicyPeer{{PodSelector: &selector}}
	}
	want := map[string]networkingv1.NetworkPolicySpec{
		"proxy": {
			PodSelector: of(proxy),
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{
				{From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}}, Ports: tcp(9090)},
			},
			Egress: []networkingv1.NetworkPolicyEgressRule{
				names(),
				{
					To: []networkingv1.NetworkPolicyPeer{
						{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: []string{"169.254.0.0/16"}}},
						{IPBlock: &networkingv1.IPBlock{CIDR: "::/0", Except: []string{"fe80::/10", "fd00:ec2::254/128"}}},
					},
					Ports: tcp(443),
				},
				{To: beside(gateway), Ports: tcp(8081)},
			},
		},
		"gateway-from-proxy": {
			PodSelector: of(gateway),
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: beside(proxy), Ports: tcp(8081)}},
		},
	}
	for name, spec := range want {
		if !reflect.DeepEqual(got[name], spec) {
			t.Errorf("%s may\n%+v\nwant\n%+v", name, got[name], spec)
		}
	}
	// All else that is there is the base's, which the other tests judge.
	for name, spec := range policies(t, base, own) {
		if !reflect.DeepEqual(got[name], spec) {
			t.Errorf("the component changes the policy %s", name)
		}
		delete(got, name)
	}
	if len(got) != len(want) {
		t.Errorf("there are %d more policies, want %d", len(got), len(want))
	}
}
