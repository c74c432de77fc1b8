package doctor

import (
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
)

// everybody has these rights, by the bindings that a cluster comes with
// (system:basic-user, system:discovery, system:public-info-viewer).
var everybody = []right{
	{"authorization.k8s.io", "selfsubjectaccessreviews", "create"},
	{"authorization.k8s.io", "selfsubjectrulesreviews", "create"},
	{"authentication.k8s.io", "selfsubjectreviews", "create"},
}

var everybodysPaths = []string{
	"/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/readyz", "/openapi", "/openapi/*", "/version", "/version/",
	"/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/openid/v1/jwks", "/openid/v1/jwks/",
}

// excess names the rights in rules that are neither allowed nor everybody's, the
// widest first.
func excess(rules authorizationv1.SubjectRulesReviewStatus, allowed []right) []string {
	var wider, more []string
	add := func(text string, wide bool) {
		to := &more
		if wide {
			to = &wider
		}
		if !slices.Contains(*to, text) {
			*to = append(*to, text)
		}
	}
	for _, rule := range rules.ResourceRules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					r := right{group, resource, verb}
					if slices.Contains(allowed, r) || slices.Contains(everybody, r) {
						continue
					}
					text := r.String()
					if len(rule.ResourceNames) > 0 {
						text += " (" + strings.Join(rule.ResourceNames, ", ") + ")"
					}
					add(text, isWide(r))
				}
			}
		}
	}
	for _, rule := range rules.NonResourceRules {
		for _, path := range rule.NonResourceURLs {
			for _, verb := range rule.Verbs {
				if (verb == "get" || verb == "head") && slices.Contains(everybodysPaths, path) {
					continue
				}
				add(verb+" "+path, strings.Contains(verb+path, "*"))
			}
		}
	}
	return append(wider, more...)
}

// isWide tells whether a right opens more than its own thing.
func isWide(r right) bool {
	for _, part := range []string{r.group, r.resource, r.verb} {
		if strings.Contains(part, "*") {
			return true
		}
	}
	switch r.verb {
	case "escalate", "bind", "impersonate", "approve", "sign":
		return true
	}
	return r.resource == "secrets" || r.resource == "serviceaccounts/token" || r.resource == "nodes/proxy" ||
		r.group == "rbac.authorization.k8s.io" || r.group == "admissionregistration.k8s.io"
}
