package manifests_test

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
)

// pods is all that the gateway may do, wherever it keeps homes.
var pods = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list", "watch", "create", "delete", "patch"}},
	{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"get", "create"}},
}

func TestRights(t *testing.T) {
	claims := rbacv1.PolicyRule{
		APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"get", "create"},
	}
	withClaims := append(pods[:len(pods):len(pods)], claims)
	want := map[string][]rbacv1.PolicyRule{base: pods, pvc: withClaims, hostPath: pods, otherImage: pods, claude: pods, doctor: pods, classroom: withClaims,
		monitoring: pods, monitoringClaude: pods, ingress: pods}
	for _, dir := range everything {
		objects := render(t, dir)
		if n := len(all[*rbacv1.ClusterRole](objects)) + len(all[*rbacv1.ClusterRoleBinding](objects)); n > 0 {
			t.Errorf("%s: %d objects give rights cluster-wide; want none", dir, n)
		}
		var got []rbacv1.PolicyRule
		bound := map[string]bool{}
		for _, binding := range all[*rbacv1.RoleBinding](objects) {
			subjects := []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: own, Name: gateway}}
			if !reflect.DeepEqual(binding.Subjects, subjects) {
				t.Errorf("%s: RoleBinding %s is for %v; want the gateway alone", dir, binding.Name, binding.Subjects)
			}
			bound[binding.Namespace+"/"+binding.RoleRef.Kind+"/"+binding.RoleRef.Name] = true
		}
		for _, role := range all[*rbacv1.Role](objects) {
			if role.Namespace != sandboxes {
				t.Errorf("%s: Role %s gives rights in %s; want %s only", dir, role.Name, role.Namespace, sandboxes)
			}
			key := role.Namespace + "/Role/" + role.Name
			if !bound[key] {
				t.Errorf("%s: Role %s is bound to nobody", dir, role.Name)
			}
			delete(bound, key)
			got = append(got, role.Rules...)
		}
		for key := range bound {
			t.Errorf("%s: a RoleBinding names %s, which the manifests do not have", dir, key)
		}
		if !reflect.DeepEqual(got, want[dir]) {
			t.Errorf("%s: the gateway may\n%v\nwant\n%v", dir, got, want[dir])
		}
	}
}

func TestNothingIsClusterWideButNamespacesAndThePolicy(t *testing.T) {
	clusterWide := map[string]bool{"Namespace": true, "ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true}
	for _, dir := range everything {
		for _, object := range render(t, dir) {
			accessor, err := meta.Accessor(object)
			if err != nil {
				t.Fatal(err)
			}
			kind := object.GetObjectKind().GroupVersionKind().Kind
			namespace := accessor.GetNamespace()
			if clusterWide[kind] != (namespace == "") || namespace != "" && namespace != own && namespace != sandboxes {
				t.Errorf("%s: %s %s is in namespace %q", dir, kind, accessor.GetName(), namespace)
			}
		}
	}
}

func TestOnlyTheGatewayPodGetsAToken(t *testing.T) {
	for _, account := range all[*corev1.ServiceAccount](render(t, base)) {
		if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
			t.Errorf("every Pod that runs as %s gets its token; set automountServiceAccountToken to false", account.Name)
		}
	}
}
