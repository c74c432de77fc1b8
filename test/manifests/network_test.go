package manifests_test

import (
	"reflect"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// policies returns the network policies of one namespace by name.
func policies(t *testing.T, dir, namespace string) map[string]networkingv1.NetworkPolicySpec {
	t.Helper()
	found := map[string]networkingv1.NetworkPolicySpec{}
	for _, policy := range all[*networkingv1.NetworkPolicy](render(t, dir)) {
		if policy.Namespace == namespace {
			found[policy.Name] = policy.Spec
		}
	}
	return found
}

func TestEachNamespaceDeniesByDefault(t *testing.T) {
	want := networkingv1.NetworkPolicySpec{
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
	}
	for _, namespace := range []string{own, sandboxes} {
		if got := policies(t, base, namespace)["default-deny"]; !reflect.DeepEqual(got, want) {
			t.Errorf("default-deny of %s is %+v; want every Pod, both ways, and no exception", namespace, got)
		}
	}
}

// Policies add up: what any of them allows is allowed. So all that sandboxes
// may do is what stands here.
func TestSandboxesReachTheProxyOnly(t *testing.T) {
	got := policies(t, base, sandboxes)
	delete(got, "default-deny")
	want := map[string]networkingv1.NetworkPolicySpec{
		"to-proxy": {
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress},
			Egress: []networkingv1.NetworkPolicyEgressRule{{
				To:    []networkingv1.NetworkPolicyPeer{peer(own, "lectern-proxy")},
				Ports: tcp(8787),
			}},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sandboxes may\n%+v\nwant\n%+v", got, want)
	}
}

func TestTheProxyIsOpenToSandboxesOnly(t *testing.T) {
	got := policies(t, base, own)["proxy-from-sandboxes"]
	want := networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{nameLabel: "lectern-proxy"}},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		Ingress: []networkingv1.NetworkPolicyIngressRule{{
			From:  []networkingv1.NetworkPolicyPeer{{NamespaceSelector: inNamespace(sandboxes)}},
			Ports: tcp(8787),
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the proxy takes\n%+v\nwant\n%+v", got, want)
	}
}

func TestGatewayTakesItsPortsAndAsksForNamesAndHTTPSOnly(t *testing.T) {
	got := policies(t, base, own)["gateway"]
	want := networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{nameLabel: gateway}},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		Ingress: []networkingv1.NetworkPolicyIngressRule{
			{Ports: tcp(2222, 8080)},
			{From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}}, Ports: tcp(9090)},
		},
		Egress: []networkingv1.NetworkPolicyEgressRule{
			names(),
			{Ports: tcp(443, 6443)},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the gateway may\n%+v\nwant\n%+v", got, want)
	}
}
