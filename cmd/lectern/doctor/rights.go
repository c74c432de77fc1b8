package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/sandbox/kube"
)

// right is one verb on one kind of thing.
type right struct{ group, resource, verb string }

func (r right) String() string {
	if r.group == "" {
		return r.verb + " " + r.resource
	}
	return r.verb + " " + r.resource + "." + r.group
}

// needed is all that the gateway may do, and where: manifests/base/access.yaml and
// components/storage-pvc/access.yaml.
func needed(storage kube.StorageKind) (rights []right) {
	for _, verb := range []string{"get", "list", "watch", "create", "delete", "patch"} {
		rights = append(rights, right{"", "pods", verb})
	}
	for _, verb := range []string{"get", "create"} {
		rights = append(rights, right{"", "pods/exec", verb})
	}
	if storage == kube.StoragePVC {
		for _, verb := range []string{"get", "create"} {
			rights = append(rights, right{"", "persistentvolumeclaims", verb})
		}
	}
	return rights
}

// enoughRights asks for what the gateway needs.
func (c *cluster) enoughRights(ctx context.Context) Finding {
	var missing []string
	for _, r := range needed(c.Pods.Pod.Storage.Kind) {
		allowed, err := c.may(ctx, c.Pods.Namespace, r)
		if err != nil {
			return bad(err.Error(), "look at the API server's log")
		}
		if !allowed {
			missing = append(missing, r.String())
		}
	}
	if len(missing) > 0 {
		return bad(fmt.Sprintf("%s may not %s in %s", c.account, list(missing), c.Pods.Namespace),
			"kubectl apply -k manifests/base, which has its Role (components/storage-pvc that for volume claims)")
	}
	return good(fmt.Sprintf("all that it needs in %s", c.Pods.Namespace))
}

// may asks whether the gateway has a right; in every namespace, where that is
// empty.
func (c *cluster) may(ctx context.Context, namespace string, r right) (bool, error) {
	resource, sub, _ := strings.Cut(r.resource, "/")
	review, err := c.gateway.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Group: r.group, Resource: resource, Subresource: sub, Verb: r.verb,
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("ask for a right: %w", err)
	}
	return review.Status.Allowed, nil
}

// sharp are rights with which a gateway that was taken over would take the
// cluster. They are asked for one by one, since the rules that an authorizer
// beside RBAC goes by are not listed.
var sharp = []right{
	{"*", "*", "*"}, {"", "secrets", "get"}, {"", "secrets", "list"}, {"", "pods", "create"}, {"", "pods/exec", "create"},
	{"", "serviceaccounts/token", "create"}, {"", "nodes/proxy", "get"}, {"", "users", "impersonate"},
	{"", "serviceaccounts", "impersonate"}, {"", "namespaces", "delete"}, {"apps", "daemonsets", "create"},
	{"rbac.authorization.k8s.io", "clusterrolebindings", "create"}, {"rbac.authorization.k8s.io", "clusterroles", "escalate"},
	{"rbac.authorization.k8s.io", "clusterroles", "bind"}, {"certificates.k8s.io", "certificatesigningrequests/approval", "update"},
	{"admissionregistration.k8s.io", "validatingadmissionpolicies", "delete"},
}

// noMoreRights looks for rights beyond those, there and elsewhere.
func (c *cluster) noMoreRights(ctx context.Context) Finding {
	found := make(map[string][]string) // by namespace
	bound, all := c.bound(ctx)
	elsewhere := elsewhereThan(c.Pods.Namespace, append(bound, "default", "kube-system", c.home()))
	for _, ns := range append([]string{c.Pods.Namespace}, elsewhere...) {
		review, err := c.gateway.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, &authorizationv1.SelfSubjectRulesReview{
			Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: ns},
		}, metav1.CreateOptions{})
		if err != nil {
			return bad(err.Error(), "look at the API server's log")
		}
		var allowed []right
		if ns == c.Pods.Namespace {
			allowed = needed(c.Pods.Pod.Storage.Kind)
		}
		found[ns] = excess(review.Status, allowed)
	}
	var everywhere []string
	for _, r := range sharp {
		allowed, err := c.may(ctx, "", r)
		if err != nil {
			return bad(err.Error(), "look at the API server's log")
		}
		if allowed && r == sharp[0] {
			return judgeExcess(c.account, c.Pods.Namespace, elsewhere, all, nil, []string{"do everything"})
		}
		if allowed {
			everywhere = append(everywhere, r.String())
		}
	}
	return judgeExcess(c.account, c.Pods.Namespace, elsewhere, all, found, everywhere)
}

// bound are the namespaces in which a binding names the gateway; all is not set
// where whoever asks may not see bindings.
func (c *cluster) bound(ctx context.Context) (namespaces []string, all bool) {
	bindings, err := c.own.RbacV1().RoleBindings(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, false
	}
	return boundIn(bindings.Items, c.account), true
}

func boundIn(bindings []rbacv1.RoleBinding, account string) (namespaces []string) {
	groups := []string{"system:authenticated"}
	if rest, is := strings.CutPrefix(account, "system:serviceaccount:"); is {
		namespace, _, _ := strings.Cut(rest, ":")
		groups = append(groups, "system:serviceaccounts", "system:serviceaccounts:"+namespace)
	}
	for _, b := range bindings {
		if slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool {
			switch s.Kind {
			case rbacv1.ServiceAccountKind:
				return "system:serviceaccount:"+s.Namespace+":"+s.Name == account
			case rbacv1.GroupKind:
				return slices.Contains(groups, s.Name)
			}
			return s.Name == account
		}) {
			namespaces = append(namespaces, b.Namespace)
		}
	}
	return namespaces
}

// elsewhereThan are namespaces without that of the sandboxes, each once.
func elsewhereThan(sandboxes string, namespaces []string) []string {
	slices.Sort(namespaces)
	return slices.DeleteFunc(slices.Compact(namespaces), func(ns string) bool { return ns == sandboxes })
}

// judgeExcess names what was found beyond the manifests. all is whether there
// can be nothing in a namespace that was not looked at.
func judgeExcess(account, namespace string, elsewhere []string, all bool, found map[string][]string, everywhere []string) Finding {
	// What is found in each namespace comes from a ClusterRoleBinding.
	for _, r := range found[elsewhere[0]] {
		missing := slices.ContainsFunc(elsewhere, func(ns string) bool { return !slices.Contains(found[ns], r) })
		if !missing && !slices.Contains(everywhere, r) {
			everywhere = append(everywhere, r)
		}
	}
	var said []string
	for _, r := range everywhere {
		said = append(said, r+" everywhere")
	}
	for _, ns := range append([]string{namespace}, elsewhere...) {
		for _, r := range found[ns] {
			if !slices.Contains(everywhere, r) {
				said = append(said, r+" in "+ns)
			}
		}
	}
	if len(said) == 0 {
		const only = "only what manifests/base/access.yaml gives"
		if !all {
			return good(only + ", as far as " + strings.Join(elsewhere, ", ") + " show; an administrator sees all bindings, with --as")
		}
		return good(only)
	}
	mend := "take away the bindings that give it: kubectl get rolebindings,clusterrolebindings -A -o wide | grep " + lastOf(account)
	if !strings.HasPrefix(account, "system:serviceaccount:") {
		mend = "let the gateway run as its own account; if this is your kubeconfig and not the gateway's: lectern doctor --as system:serviceaccount:lectern:lectern-gateway"
	}
	return bad(fmt.Sprintf("%s may also %s", account, list(said)), mend)
}

// lastOf is the name of an account without where it is.
func lastOf(account string) string { return account[strings.LastIndex(account, ":")+1:] }
