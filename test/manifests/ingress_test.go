package manifests_test

import (
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// middleware is Traefik's object of that kind, as far as it is used.
type middleware struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		RedirectScheme struct {
			Scheme    string `json:"scheme"`
			Permanent bool   `json:"permanent"`
		} `json:"redirectScheme"`
	} `json:"spec"`
}

// DeepCopyObject makes it an object.
func (m *middleware) DeepCopyObject() runtime.Object {
	copied := *m
	m.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	return &copied
}

func init() {
	scheme.Scheme.AddKnownTypeWithName(schema.GroupVersionKind{Group: "traefik.io", Version: "v1alpha1", Kind: "Middleware"}, &middleware{})
}

// The name of the page is said once, and all who must know it agree.
func TestIngressLeadsToThePage(t *testing.T) {
	const host = "lab.example.org"
	objects := render(t, ingress)
	way := only[*networkingv1.Ingress](t, objects)
	if len(way.Spec.Rules) != 1 || way.Spec.Rules[0].Host != host || len(way.Spec.TLS) != 1 || !slices.Equal(way.Spec.TLS[0].Hosts, []string{host}) {
		t.Errorf("the Ingress is for %+v with the certificates %+v, want %s in both", way.Spec.Rules, way.Spec.TLS, host)
	}
	if issuer := way.Annotations["cert-manager.io/cluster-issuer"]; issuer != "letsencrypt" || way.Spec.TLS[0].SecretName == "" {
		t.Errorf("the certificate is of %q, in the Secret %q", issuer, way.Spec.TLS[0].SecretName)
	}
	if c := settings(t, objects).Web; c.PublicURL != "https://"+host || !slices.Equal(c.Proxies, []string{"10.42.0.0/16"}) {
		t.Errorf("the gateway takes its page for %s, behind %v", c.PublicURL, c.Proxies)
	}
	path := way.Spec.Rules[0].HTTP.Paths[0]
	if path.Path != "/" || *path.PathType != networkingv1.PathTypePrefix {
		t.Errorf("the Ingress has the path %+v, want all of them", path)
	}
	for _, service := range all[*corev1.Service](objects) {
		if service.Name != path.Backend.Service.Name {
			continue
		}
		if service.Spec.Type != corev1.ServiceTypeClusterIP || service.Spec.Ports[0].NodePort != 0 || service.Spec.ExternalTrafficPolicy != "" {
			t.Errorf("the page can be reached past the Ingress: %+v", service.Spec)
		}
		if service.Spec.Ports[0].Name != path.Backend.Service.Port.Name {
			t.Errorf("the Ingress leads to the port %s of %+v", path.Backend.Service.Port.Name, service.Spec.Ports)
		}
		return
	}
	t.Errorf("the Ingress leads to the Service %s, which is not there", path.Backend.Service.Name)
}

func TestIngressSendsOnToHTTPS(t *testing.T) {
	objects := render(t, ingress)
	redirect := only[*middleware](t, objects)
	if s := redirect.Spec.RedirectScheme; s.Scheme != "https" || !s.Permanent {
		t.Errorf("the redirect is %+v", s)
	}
	want := redirect.Namespace + "-" + redirect.Name + "@kubernetescrd"
	if got := only[*networkingv1.Ingress](t, objects).Annotations["traefik.ingress.kubernetes.io/router.middlewares"]; got != want {
		t.Errorf("the Ingress has the middleware %q, want %q", got, want)
	}
}

// Of the network policies the component closes the page but to the namespace of
// the ingress controller, and changes nothing else.
func TestThePageIsOpenToTheIngressOnly(t *testing.T) {
	got, want := policies(t, ingress, own), policies(t, base, own)
	changed := want["gateway"]
	changed.Ingress[0].Ports = tcp(2222)
	changed.Ingress = append(changed.Ingress, networkingv1.NetworkPolicyIngressRule{
		From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: inNamespace("kube-system")}}, Ports: tcp(8080),
	})
	want["gateway"] = changed
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the policies are\n%+v\nwant\n%+v", got, want)
	}
}
