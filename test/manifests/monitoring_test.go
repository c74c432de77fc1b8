package manifests_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const component = root + "/components/monitoring"

// scrapers are the namespaces that say so of themselves.
var scrapers = []networkingv1.NetworkPolicyPeer{{
	NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"lectern/scraper": "true"}},
}}

// Of the network policies the component changes who may ask for metrics, and
// nothing else.
func TestScrapersAreAdmittedByTheirLabel(t *testing.T) {
	for dir, from := range map[string]string{monitoring: base, monitoringClaude: claude} {
		got, want := policies(t, dir, own), policies(t, from, own)
		changed := 0
		for name, policy := range want {
			for i, rule := range policy.Ingress {
				if reflect.DeepEqual(rule.Ports, tcp(9090)) {
					want[name].Ingress[i].From = scrapers
					changed++
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the policies are\n%+v\nwant\n%+v", dir, got, want)
		}
		if there := map[string]int{base: 1, claude: 2}[from]; changed != there {
			t.Errorf("%s has %d doors for metrics, want %d", from, changed, there)
		}
		if !reflect.DeepEqual(policies(t, dir, sandboxes), policies(t, from, sandboxes)) {
			t.Errorf("%s changes the policies of sandboxes", dir)
		}
	}
}

func TestServicesOfMetricsAreAnnotated(t *testing.T) {
	for dir, want := range map[string][]string{
		monitoring:       {"lectern-metrics"},
		monitoringClaude: {"lectern-metrics", "lectern-proxy-metrics"},
	} {
		var annotated []string
		for _, service := range all[*corev1.Service](render(t, dir)) {
			if service.Annotations["prometheus.io/scrape"] != "true" {
				if service.Spec.PublishNotReadyAddresses {
					t.Errorf("%s: %s leads to Pods that are not ready", dir, service.Name)
				}
				continue
			}
			annotated = append(annotated, service.Name)
			if len(service.Spec.Ports) != 1 || service.Spec.Ports[0].Port != 9090 || !service.Spec.PublishNotReadyAddresses ||
				service.Annotations["prometheus.io/port"] != "9090" || service.Annotations["prometheus.io/path"] != "/metrics" {
				t.Errorf("%s: %s is %+v with %v", dir, service.Name, service.Spec, service.Annotations)
			}
		}
		if slices.Sort(annotated); !slices.Equal(annotated, want) {
			t.Errorf("%s: annotated are %q, want %q", dir, annotated, want)
		}
	}
}

// Dashboard and alerts go into the cluster as they are in their files, under
// names that can be mounted.
func TestDashboardAndAlertsAreInConfigMaps(t *testing.T) {
	want := map[string]struct{ file, label string }{
		"lectern-dashboard": {"lectern-dashboard.json", "1"}, "lectern-alerts": {"lectern.rules.yml", ""},
	}
	for _, dir := range []string{monitoring, monitoringClaude} {
		found := 0
		for _, m := range all[*corev1.ConfigMap](render(t, dir)) {
			w, ok := want[m.Name]
			if !ok {
				continue
			}
			found++
			files := slices.Collect(maps.Keys(m.Data))
			if !slices.Equal(files, []string{w.file}) || m.Data[w.file] != string(read(t, component+"/"+w.file)) || m.Labels["grafana_dashboard"] != w.label {
				t.Errorf("%s: %s holds %q with the labels %v", dir, m.Name, files, m.Labels)
			}
		}
		if found != len(want) {
			t.Errorf("%s has %d of the ConfigMaps", dir, found)
		}
	}
}
