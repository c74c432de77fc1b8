package doctor

import (
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/sandbox/kube"
)

// rule is a line of a Role, as a review of the rules repeats it.
func rule(groups, resources, verbs string, names ...string) authorizationv1.ResourceRule {
	return authorizationv1.ResourceRule{
		APIGroups: strings.Split(groups, ","), Resources: strings.Split(resources, ","), Verbs: strings.Split(verbs, ","), ResourceNames: names,
	}
}

// gatewaysRules is what manifests/base/access.yaml gives, and what everybody has.
func gatewaysRules(more ...authorizationv1.ResourceRule) authorizationv1.SubjectRulesReviewStatus {
	return authorizationv1.SubjectRulesReviewStatus{
		ResourceRules: append([]authorizationv1.ResourceRule{
			rule("authorization.k8s.io", "selfsubjectaccessreviews,selfsubjectrulesreviews", "create"),
			rule("authentication.k8s.io", "selfsubjectreviews", "create"),
			rule("", "pods", "get,list,watch,create,delete,patch"),
			rule("", "pods/exec", "get,create"),
		}, more...),
		NonResourceRules: []authorizationv1.NonResourceRule{
			{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz", "/livez", "/readyz", "/version", "/version/"}},
			{Verbs: []string{"get"}, NonResourceURLs: []string{"/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"}},
			{Verbs: []string{"get"}, NonResourceURLs: []string{"/.well-known/openid-configuration", "/openid/v1/jwks"}},
		},
	}
}

func TestExcess(t *testing.T) {
	claims := rule("", "persistentvolumeclaims", "get,create")
	for _, test := range []struct {
		name    string
		rules   authorizationv1.SubjectRulesReviewStatus
		storage kube.StorageKind
		want    []string
	}{
		{"what the manifests give", gatewaysRules(), kube.StorageNone, nil},
		{"the same twice", gatewaysRules(rule("", "pods", "get,list")), kube.StorageNone, nil},
		{"claims, where homes are kept in them", gatewaysRules(claims), kube.StoragePVC, nil},
		{"claims, where they are not", gatewaysRules(claims), kube.StorageNone, []string{"get persistentvolumeclaims", "create persistentvolumeclaims"}},
		{"to delete homes", gatewaysRules(rule("", "persistentvolumeclaims", "delete")), kube.StoragePVC, []string{"delete persistentvolumeclaims"}},
		{"one verb more", gatewaysRules(rule("", "pods", "update")), kube.StorageNone, []string{"update pods"}},
		{"the Pods' logs", gatewaysRules(rule("", "pods/log", "get")), kube.StorageNone, []string{"get pods/log"}},
		{"all verbs on Pods", gatewaysRules(rule("", "pods", "*")), kube.StorageNone, []string{"* pods"}},
		{"all below Pods", gatewaysRules(rule("", "pods/*", "get")), kube.StorageNone, []string{"get pods/*"}},
		{"secrets", gatewaysRules(rule("", "secrets", "get")), kube.StorageNone, []string{"get secrets"}},
		{"one secret", gatewaysRules(rule("", "secrets", "get", "lectern-anthropic")), kube.StorageNone, []string{"get secrets (lectern-anthropic)"}},
		{"Pods of another group", gatewaysRules(rule("metrics.k8s.io", "pods", "get")), kube.StorageNone, []string{"get pods.metrics.k8s.io"}},
		{"a group of all", gatewaysRules(rule("*", "pods", "get")), kube.StorageNone, []string{"get pods.*"}},
		{"an administrator", gatewaysRules(rule("*", "*", "*")), kube.StorageNone, []string{"* *.*"}},
		{
			"the widest first", gatewaysRules(rule("", "configmaps", "get"), rule("rbac.authorization.k8s.io", "clusterrolebindings", "create")),
			kube.StorageNone, []string{"create clusterrolebindings.rbac.authorization.k8s.io", "get configmaps"},
		},
		{"to be somebody else", gatewaysRules(rule("", "users,groups", "impersonate")), kube.StorageNone, []string{"impersonate users", "impersonate groups"}},
		{"to make tokens", gatewaysRules(rule("", "serviceaccounts/token", "create")), kube.StorageNone, []string{"create serviceaccounts/token"}},
		{"paths", authorizationv1.SubjectRulesReviewStatus{NonResourceRules: []authorizationv1.NonResourceRule{
			{Verbs: []string{"get", "post"}, NonResourceURLs: []string{"/healthz"}}, {Verbs: []string{"*"}, NonResourceURLs: []string{"*"}},
			{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics"}},
		}}, kube.StorageNone, []string{"* *", "post /healthz", "get /metrics"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := excess(test.rules, needed(test.storage)); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Elsewhere nothing is allowed, what the manifests give in their namespace
// included.
func TestExcessElsewhere(t *testing.T) {
	got := excess(gatewaysRules(), nil)
	if len(got) != len(needed(kube.StorageNone)) {
		t.Errorf("got %q", got)
	}
}

func TestJudgeExcess(t *testing.T) {
	const account = "system:serviceaccount:lectern:lectern-gateway"
	elsewhere := []string{"default", "kube-system", "lectern"}
	for _, test := range []struct {
		name       string
		account    string
		found      map[string][]string
		everywhere []string
		want       string
		mend       string
	}{
		{"nothing", account, nil, nil, "only what manifests/base/access.yaml gives", ""},
		{"in one namespace", account, map[string][]string{"lectern": {"get secrets"}}, nil, account + " may also get secrets in lectern", "grep lectern-gateway"},
		{
			"in all of them, which is told once", account,
			map[string][]string{"lectern-sandboxes": {"get nodes"}, "default": {"get nodes"}, "kube-system": {"get nodes"}, "lectern": {"get nodes"}}, nil,
			account + " may also get nodes everywhere", "grep lectern-gateway",
		},
		{
			"what is asked for alone and listed too", account, map[string][]string{"lectern": {"get secrets"}}, []string{"get secrets"},
			account + " may also get secrets everywhere", "grep lectern-gateway",
		},
		{
			"much", account, map[string][]string{"default": {"a", "b", "c", "d", "e", "f", "g", "h"}}, nil,
			account + " may also a in default, b in default, c in default, d in default, e in default, f in default and 2 more", "grep",
		},
		{"an administrator's kubeconfig", "admin", nil, []string{"do everything"}, "admin may also do everything everywhere", "--as system:serviceaccount:lectern:lectern-gateway"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := judgeExcess(test.account, "lectern-sandboxes", elsewhere, true, test.found, test.everywhere)
			if f.Text != test.want || !strings.Contains(f.Mend, test.mend) || (f.State == Good) != (test.mend == "") {
				t.Errorf("got %+v, want %q", f, test.want)
			}
		})
	}
}

// A binding anywhere is seen by whoever may see all, and that others see less is
// said.
func TestExcessAnywhere(t *testing.T) {
	const account = "system:serviceaccount:lectern:lectern-gateway"
	binding := func(namespace, kind, of, name string) rbacv1.RoleBinding {
		return rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace}, Subjects: []rbacv1.Subject{{Kind: kind, Namespace: of, Name: name}}}
	}
	got := elsewhereThan("lectern-sandboxes", append(boundIn([]rbacv1.RoleBinding{
		binding("lectern-sandboxes", "ServiceAccount", "lectern", "lectern-gateway"),
		binding("a", "ServiceAccount", "lectern", "lectern-gateway"), binding("not-b", "ServiceAccount", "other", "lectern-gateway"),
		binding("c", "User", "", account), binding("d", "Group", "", "system:serviceaccounts"), binding("e", "Group", "", "system:serviceaccounts:lectern"),
		binding("not-f", "Group", "", account), binding("g", "Group", "", "system:authenticated"), binding("a", "User", "", account),
	}, account), "default", "kube-system", "default"))
	if want := []string{"a", "c", "d", "default", "e", "g", "kube-system"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	f := judgeExcess(account, "lectern-sandboxes", []string{"default", "lectern"}, false, nil, nil)
	says(t, f, Good, "as far as default, lectern show")
}
