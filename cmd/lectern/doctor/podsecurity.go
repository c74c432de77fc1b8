package doctor

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"lectern/sandbox/kube"
)

// podSecurity asks the namespace for Pods that the level "restricted" refuses.
func (c *cluster) podSecurity(ctx context.Context) Finding {
	if c.Pods.Pod.Storage.Kind == kube.StorageHostPath {
		return skipped("homes in a folder of the node need the level privileged; the admission policy is what holds sandboxes")
	}
	yes := true
	for _, wish := range []struct {
		name   string
		change func(*corev1.Pod)
	}{
		{"that is privileged", func(pod *corev1.Pod) {
			pod.Spec.Containers[0].SecurityContext.Privileged = &yes
			pod.Spec.Containers[0].SecurityContext.AllowPrivilegeEscalation = &yes
		}},
		{"on the network of its node", func(pod *corev1.Pod) { pod.Spec.HostNetwork = true }},
		{"that may be root", func(pod *corev1.Pod) {
			pod.Spec.SecurityContext.RunAsNonRoot, pod.Spec.SecurityContext.RunAsUser = nil, nil
		}},
	} {
		pod := c.prober.Sandbox(c.probes.name("rough"))
		wish.change(pod)
		if err := c.prober.Try(ctx, pod); !isPodSecurity(err) {
			if err != nil && !apierrors.IsForbidden(err) {
				return bad(err.Error(), "look at the API server's log")
			}
			return bad(fmt.Sprintf("Pod Security does not refuse a Pod %s in %s", wish.name, c.Pods.Namespace),
				fmt.Sprintf("kubectl label namespace %s --overwrite pod-security.kubernetes.io/enforce=restricted", c.Pods.Namespace))
		}
	}
	return good("enforces restricted in " + c.Pods.Namespace)
}

// admissionPolicy asks, as the gateway, for Pods that are no sandboxes though
// Pod Security has nothing against them.
func (c *cluster) admissionPolicy(ctx context.Context) Finding {
	yes := true
	for _, wish := range []struct {
		name   string
		change func(*corev1.Pod)
	}{
		{"of another image", func(pod *corev1.Pod) { pod.Spec.Containers[0].Image = "lectern-doctor.invalid/other:latest" }},
		{"with the token of an account", func(pod *corev1.Pod) { pod.Spec.AutomountServiceAccountToken = &yes }},
		{"on a node of the gateway's choice", func(pod *corev1.Pod) { pod.Spec.NodeName = "lectern-doctor" }},
	} {
		pod := c.prober.Sandbox(c.probes.name("other"))
		wish.change(pod)
		if err := c.prober.Try(ctx, pod); !isPolicy(err) {
			if err != nil && !apierrors.IsForbidden(err) {
				return bad(err.Error(), "look at the API server's log")
			}
			return bad(fmt.Sprintf("%s may make a Pod %s: whoever takes the gateway over has more than sandboxes", c.account, wish.name),
				"kubectl apply -k manifests/base, whose policy holds system:serviceaccount:lectern:lectern-gateway and nobody else; to look as that account: --as")
		}
	}
	return good("holds the gateway to sandboxes")
}
