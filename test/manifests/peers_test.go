package manifests_test

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// nameLabel tells whose Pod it is.
const nameLabel = "app.kubernetes.io/name"

// inNamespace selects one namespace.
func inNamespace(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": name}}
}

// peer selects Pods of a name in a namespace: both in one entry, since two
// entries would mean either.
func peer(namespace, name string) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{
		NamespaceSelector: inNamespace(namespace),
		PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{nameLabel: name}},
	}
}

// names is the rule that lets a Pod look names up.
func names() networkingv1.NetworkPolicyEgressRule {
	ports := append(tcp(53), tcp(53)...)
	udp := corev1.ProtocolUDP
	ports[0].Protocol = &udp
	system := peer("kube-system", "")
	system.PodSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}}
	return networkingv1.NetworkPolicyEgressRule{To: []networkingv1.NetworkPolicyPeer{system}, Ports: ports}
}

func tcp(ports ...int32) []networkingv1.NetworkPolicyPort {
	var list []networkingv1.NetworkPolicyPort
	for _, number := range ports {
		protocol, port := corev1.ProtocolTCP, intstr.FromInt32(number)
		list = append(list, networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: &port})
	}
	return list
}
