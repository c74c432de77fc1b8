package manifests_test

import (
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// policies returns the network policies of one namespace by name.
func policies(t *testing.T, namespace string) map[string]networkingv1.NetworkPolicySpec {
	t.Helper()
	found := map[string]networkingv1.NetworkPolicySpec{}
	for _, policy := range all[*networkingv1.NetworkPolicy](render(t, base)) {
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
		if got := policies(t, namespace)["default-deny"]; !reflect.DeepEqual(got, want) {
			t.Errorf("default-deny of %s is %+v; want every Pod, both ways, and no exception", namespace, got)
		}
	}
}

// Policies add up: what any of them allows is allowed. So all that sandboxes
// may do is what stands here.
func TestSandboxesReachTheProxyOnly(t *testing.T) {
	got := policies(t, sandboxes)
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
	got := policies(t, own)["proxy-from-sandboxes"]
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
	got := policies(t, own)["gateway"]
	dns := tcp(53)
	udp := corev1.ProtocolUDP
	dns[0].Protocol = &udp
	dns = append(dns, tcp(53)...)
	system := peer("kube-system", "")
	system.PodSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}}
	want := networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{nameLabel: gateway}},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		Ingress: []networkingv1.NetworkPolicyIngressRule{
			{Ports: tcp(2222, 8080)},
			{From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}}, Ports: tcp(9090)},
		},
		Egress: []networkingv1.NetworkPolicyEgressRule{
			{To: []networkingv1.NetworkPolicyPeer{system}, Ports: dns},
			{Ports: tcp(443, 6443)},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the gateway may\n%+v\nwant\n%+v", got, want)
	}
}

// A Service that selects or targets what the Pod does not have answers nobody,
// and one without a policy's leave answers nobody either.
func TestServicesLeadToOpenPortsOfTheGateway(t *testing.T) {
	objects := render(t, base)
	template := gatewayDeployment(t, objects).Spec.Template
	var open []int32
	for _, rule := range policies(t, own)["gateway"].Ingress {
		for _, port := range rule.Ports {
			open = append(open, port.Port.IntVal)
		}
	}
	ports := map[string]int32{}
	for _, port := range template.Spec.Containers[0].Ports {
		ports[port.Name] = port.ContainerPort
	}
	doors := map[string]corev1.ServicePort{}
	for _, service := range all[*corev1.Service](objects) {
		if !reflect.DeepEqual(service.Spec.Selector, map[string]string{nameLabel: template.Labels[nameLabel]}) {
			t.Errorf("Service %s selects %v, which is not the gateway", service.Name, service.Spec.Selector)
		}
		for _, port := range service.Spec.Ports {
			target, known := ports[port.TargetPort.StrVal]
			if !known {
				t.Errorf("Service %s leads to %q, which is no port of the gateway", service.Name, port.TargetPort.StrVal)
			}
			if !slices.Contains(open, target) {
				t.Errorf("Service %s leads to port %d, which the network policy closes", service.Name, target)
			}
		}
		doors[string(service.Spec.Type)] = service.Spec.Ports[0]
		if service.Spec.Type != "" && service.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal {
			t.Errorf("Service %s hides the learner's address; set externalTrafficPolicy to Local", service.Name)
		}
	}
	if ssh := doors["LoadBalancer"]; ssh.Port != 2222 || ports[ssh.TargetPort.StrVal] != 2222 {
		t.Errorf("the SSH Service is %+v; want 2222 to 2222", ssh)
	}
	if web := doors["NodePort"]; web.NodePort != 31000 || ports[web.TargetPort.StrVal] != 8080 {
		t.Errorf("the page's Service is %+v; want 31000 to 8080", web)
	}
}
