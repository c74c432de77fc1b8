package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
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
	elsewhere := []string{"default", "kube-system", c.home()}
	elsewhere = slices.DeleteFunc(slices.Compact(elsewhere), func(ns string) bool { return ns == c.Pods.Namespace })
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
			return judgeExcess(c.account, c.Pods.Namespace, elsewhere, nil, []string{"do everything"})
		}
		if allowed {
			everywhere = append(everywhere, r.String())
		}
	}
	return judgeExcess(c.account, c.Pods.Namespace, elsewhere, found, everywhere)
}

func judgeExcess(account, namespace string, elsewhere []string, found map[string][]string, everywhere []string) Finding {
	// What is found in each namespace comes from a ClusterRoleBinding.
	for _, r := range found[elsewhere[0]] {
		all := !slices.ContainsFunc(elsewhere, func(ns string) bool { return !slices.Contains(found[ns], r) })
		if all && !slices.Contains(everywhere, r) {
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
		return good("only what manifests/base/access.yaml gives")
	}
	mend := "take away the bindings that give it: kubectl get rolebindings,clusterrolebindings -A -o wide | grep " + lastOf(account)
	if !strings.HasPrefix(account, "system:serviceaccount:") {
		mend = "let the gateway run as its own account; if this is your kubeconfig and not the gateway's: lectern doctor --as system:serviceaccount:lectern:lectern-gateway"
	}
	return bad(fmt.Sprintf("%s may also %s", account, list(said)), mend)
}

// lastOf is the name of an account without where it is.
func lastOf(account string) string { return account[strings.LastIndex(account, ":")+1:] }
