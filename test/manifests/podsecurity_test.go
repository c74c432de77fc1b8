package manifests_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// restricted judges a Pod as the admission of a namespace does whose labels
// these are.
func restricted(t *testing.T, labels map[string]string, meta *metav1.ObjectMeta, spec *corev1.PodSpec) policy.AggregateCheckResult {
	t.Helper()
	enforced, errs := api.PolicyToEvaluate(labels, api.Policy{})
	if len(errs) > 0 {
		t.Fatalf("the labels of Pod Security are wrong: %v", errs.ToAggregate())
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		t.Fatal(err)
	}
	return policy.AggregateCheckResults(evaluator.EvaluatePod(enforced.Enforce, meta, spec))
}

// namespaceLabels returns the labels of a namespace.
func namespaceLabels(t *testing.T, dir, name string) map[string]string {
	t.Helper()
	for _, namespace := range all[*corev1.Namespace](render(t, dir)) {
		if namespace.Name == name {
			return namespace.Labels
		}
	}
	t.Fatalf("%s has no namespace %s", dir, name)
	return nil
}

func TestNamespacesEnforceRestricted(t *testing.T) {
	privileged := map[string]string{hostPath + "/" + sandboxes: "privileged"} // as its kustomization says
	for _, dir := range everything {
		for _, name := range []string{own, sandboxes} {
			want := privileged[dir+"/"+name]
			if want == "" {
				want = "restricted"
			}
			labels := namespaceLabels(t, dir, name)
			for label, level := range map[string]string{
				api.EnforceLevelLabel: want, api.WarnLevelLabel: "restricted", api.AuditLevelLabel: "restricted",
			} {
				if labels[label] != level {
					t.Errorf("%s: %s of namespace %s is %q, want %s", dir, label, name, labels[label], level)
				}
			}
		}
	}
}

func TestPodTemplatesAreRestricted(t *testing.T) {
	for _, dir := range everything {
		for _, deployment := range all[*appsv1.Deployment](render(t, dir)) {
			template := &deployment.Spec.Template
			labels := namespaceLabels(t, dir, deployment.Namespace)
			if result := restricted(t, labels, &template.ObjectMeta, &template.Spec); !result.Allowed {
				t.Errorf("%s: Pod Security refuses %s: %s", dir, deployment.Name, result.ForbiddenDetail())
			}
			for _, container := range template.Spec.Containers {
				if context := container.SecurityContext; context.ReadOnlyRootFilesystem == nil || !*context.ReadOnlyRootFilesystem {
					t.Errorf("%s: the root of %s can be written", dir, deployment.Name)
				}
			}
		}
	}
}

// The judge of the tests above must be one that refuses.
func TestPodSecurityRefusesTheHost(t *testing.T) {
	pod := sandboxPod()
	pod.Spec.HostNetwork = true
	if restricted(t, namespaceLabels(t, base, sandboxes), &pod.ObjectMeta, &pod.Spec).Allowed {
		t.Error("a Pod in the network of the host is allowed")
	}
	plain := sandboxPod()
	if result := restricted(t, namespaceLabels(t, base, sandboxes), &plain.ObjectMeta, &plain.Spec); !result.Allowed {
		t.Errorf("a sandbox is refused: %s", result.ForbiddenDetail())
	}
}
