package manifests_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// policyVariable returns a variable of a policy by name.
func policyVariable(t *testing.T, policy *admissionregistrationv1.ValidatingAdmissionPolicy, name string) *admissionregistrationv1.Variable {
	t.Helper()
	for i := range policy.Spec.Variables {
		if policy.Spec.Variables[i].Name == name {
			return &policy.Spec.Variables[i]
		}
	}
	t.Fatalf("the policy has no variable %s", name)
	return nil
}

// sandboxSettings returns what an operator says of sandboxes, by the name of
// the ConfigMap before it gets its hash.
func sandboxSettings(t *testing.T, objects []runtime.Object) map[string]string {
	t.Helper()
	var found []map[string]string
	for _, settings := range all[*corev1.ConfigMap](objects) {
		if strings.HasPrefix(settings.Name, "lectern-sandbox-") {
			found = append(found, settings.Data)
		}
	}
	if len(found) != 1 {
		t.Fatalf("there are %d ConfigMaps lectern-sandbox, want 1", len(found))
	}
	return found[0]
}

// The operator says the image and the storage once; the gateway asks for them
// and the policy admits them, each by what it was given.
func TestGatewayAsksForWhatThePolicyAdmits(t *testing.T) {
	for _, dir := range everything {
		objects := render(t, dir)
		said := sandboxSettings(t, objects)
		asked := settings(t, objects).Sandbox.Kubernetes
		policy := only[*admissionregistrationv1.ValidatingAdmissionPolicy](t, objects)
		for key, of := range map[string]struct{ variable, asked string }{
			"image":        {"image", asked.Image},
			"storage":      {"storage", asked.Storage.Kind},
			"storage-path": {"storagePath", asked.Storage.Path},
		} {
			if of.asked != said[key] {
				t.Errorf("%s: the %s is %q, and the gateway asks for %q", dir, key, said[key], of.asked)
			}
			if got, want := policyVariable(t, policy, of.variable).Expression, "'"+said[key]+"'"; got != want {
				t.Errorf("%s: the %s is %q, and the policy admits %s; list components/sandbox-settings last", dir, key, said[key], got)
			}
		}
	}
}

// As admission.yaml stands in its file it admits nothing, so that nobody runs
// with a policy that was never filled in.
func TestUnfilledPolicyAdmitsNoSandbox(t *testing.T) {
	text, err := os.ReadFile(base + "/admission.yaml")
	if err != nil {
		t.Fatal(err)
	}
	j := judgeBy(t, only[*admissionregistrationv1.ValidatingAdmissionPolicy](t, decode(t, "admission.yaml", text)))
	if len(j.reasons(t.Context(), t, request{user: gatewayUser, namespace: sandboxes, pod: sandboxPod()})) == 0 {
		t.Error("a sandbox is admitted")
	}
}

// Whoever changes the image and forgets the component gets no sandbox rather
// than one that nothing holds to its image, and reads why.
func TestForgottenComponentIsRefusedInWords(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	from, err := filepath.Abs(base)
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(dir, from)
	if err != nil {
		t.Fatal(err)
	}
	overlay := fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [%s]
configMapGenerator:
  - name: lectern-sandbox
    namespace: lectern
    behavior: merge
    literals: ["image=lectern-sandbox:other"]
`, relative)
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	pod := sandboxPod()
	pod.Spec.Containers[0].Image = settings(t, render(t, dir)).Sandbox.Kubernetes.Image
	if pod.Spec.Containers[0].Image != "lectern-sandbox:other" {
		t.Errorf("the gateway asks for %s", pod.Spec.Containers[0].Image)
	}
	want := []string{"every container of a sandbox must be of the image " + image}
	if got := newJudge(t, dir).reasons(t.Context(), t, request{user: gatewayUser, namespace: sandboxes, pod: pod}); !slices.Equal(got, want) {
		t.Errorf("refused for %q, want %q", got, want)
	}
}
