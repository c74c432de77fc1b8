package doctor

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/sandbox/probe"
)

// says checks a finding by its state and words of it.
func says(t *testing.T, f Finding, state State, words ...string) {
	t.Helper()
	if f.State != state {
		t.Errorf("it is %s: %s", f.State, f.Text)
	}
	if (f.Mend != "") != (f.State == Bad) {
		t.Errorf("it is %s, and the mend %q", f.State, f.Mend)
	}
	for _, w := range words {
		if !strings.Contains(f.Text+" → "+f.Mend, w) {
			t.Errorf("%q is not in %q → %q", w, f.Text, f.Mend)
		}
	}
}

func amounts(pairs ...string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		list[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return list
}

func quotaOf(name string, hard, used corev1.ResourceList) corev1.ResourceQuota {
	return corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.ResourceQuotaStatus{Hard: hard, Used: used}}
}

func TestQuota(t *testing.T) {
	requests, limits := amounts("cpu", "250m", "memory", "512Mi"), amounts("cpu", "2", "memory", "4Gi")
	base := amounts("pods", "6", "requests.cpu", "1500m", "requests.memory", "3Gi", "limits.cpu", "12", "limits.memory", "24Gi")
	taken := func(n string, cpu, memory string) corev1.ResourceList {
		return amounts("pods", n, "requests.cpu", cpu, "requests.memory", memory)
	}
	for _, test := range []struct {
		name              string
		quotas            []corev1.ResourceQuota
		promised, running int
		state             State
		want              string
	}{
		{"none", nil, 4, 0, Good, "no quota limits sandboxes"},
		{"one of other things", []corev1.ResourceQuota{quotaOf("homes", amounts("requests.storage", "1Gi"), nil)}, 4, 0, Good, "no quota limits sandboxes"},
		{"that of the manifests", []corev1.ResourceQuota{quotaOf("sandboxes", base, nil)}, 4, 0, Good, "room for all of max_sessions (4), 0 of them running"},
		{"with all of them running", []corev1.ResourceQuota{quotaOf("sandboxes", base, taken("4", "1", "2Gi"))}, 4, 4, Good, "4 of them running"},
		{"for twenty", []corev1.ResourceQuota{quotaOf("sandboxes", base, nil)}, 20, 0, Bad, "there is room for 6 sandboxes and max_sessions is 20: limits.cpu of sandboxes ends first"},
		{"used up by others", []corev1.ResourceQuota{quotaOf("sandboxes", base, taken("6", "1500m", "1Gi"))}, 4, 1, Bad, "there is no room for another sandbox: pods of sandboxes is used up, with 1 of 4 running"},
		{"more used than there is", []corev1.ResourceQuota{quotaOf("sandboxes", base, taken("9", "3", "9Gi"))}, 4, 0, Bad, "there is no room"},
		{"a part of one is none", []corev1.ResourceQuota{quotaOf("sandboxes", amounts("requests.memory", "1535Mi"), nil)}, 3, 0, Bad, "room for 2 sandboxes and max_sessions is 3: requests.memory of sandboxes"},
		{"the second is tighter", []corev1.ResourceQuota{quotaOf("wide", base, nil), quotaOf("tight", amounts("count/pods", "3"), nil)}, 4, 0, Bad, "room for 3 sandboxes and max_sessions is 4: count/pods of tight"},
		{"the old names", []corev1.ResourceQuota{quotaOf("old", amounts("cpu", "500m", "memory", "8Gi"), nil)}, 4, 0, Bad, "room for 2 sandboxes and max_sessions is 4: cpu of old"},
	} {
		t.Run(test.name, func(t *testing.T) {
			says(t, judgeQuota(test.quotas, requests, limits, test.promised, test.running), test.state, test.want)
		})
	}
}

func TestWalls(t *testing.T) {
	open, unknown := target{open: true}, target{}
	in := func(address string) probe.Result { return probe.Result{Address: address, Reached: true} }
	out := func(address string) probe.Result { return probe.Result{Address: address, Said: "i/o timeout"} }
	for _, test := range []struct {
		name     string
		targets  []target
		results  []probe.Result
		through  bool
		policies int
		state    State
		want     string
	}{
		{"shut", []target{open, open}, []probe.Result{out("a:1"), out("b:2")}, false, 2, Good, "not reached: a:1, b:2"},
		{"shut, or nobody there", []target{unknown}, []probe.Result{out("a:1")}, false, 2, Good, "whether anybody is there is not known"},
		{"one of them is known to be there", []target{unknown, open}, []probe.Result{out("a:1"), out("b:2")}, false, 2, Good, "not reached: b:2, a:1"},
		{"no walls at all", []target{open}, []probe.Result{in("a:1")}, true, 2, Bad, "can reach X (a:1): this cluster's network does not enforce NetworkPolicies"},
		{"no walls, and policies unseen", []target{open}, []probe.Result{in("a:1")}, true, -1, Bad, "does not enforce NetworkPolicies"},
		{"no policies", []target{open}, []probe.Result{in("a:1")}, true, 0, Bad, "there is no NetworkPolicy in ns → kubectl apply -k manifests/base"},
		{"a door in the wall", []target{open, open}, []probe.Result{out("a:1"), in("b:2")}, false, 3, Bad, "can reach X (b:2): a NetworkPolicy lets it"},
		{"reached though unknown", []target{unknown}, []probe.Result{in("a:1")}, false, -1, Bad, "can reach X (a:1)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			says(t, judgeWalls("reach X", test.targets, test.results, test.through, test.policies, "ns"), test.state, test.want)
		})
	}
}

func TestKey(t *testing.T) {
	// As the proxy and the API word them.
	apis := func(message string) string {
		return `{"type":"error","error":{"type":"x","message":"` + message + `"}}`
	}
	for _, test := range []struct {
		name  string
		said  probe.Said
		named bool
		state State
		want  string
	}{
		{"good", probe.Said{Status: 200, Text: `{"input_tokens":8}`}, false, Good, "the API takes it"},
		{"busy", probe.Said{Status: 429, Text: apis("slow down")}, false, Good, "too often"},
		{"a model of our choice that is not there", probe.Said{Status: 404, Text: apis("model: m")}, false, Good, "the API takes it"},
		{"a model of the settings that is not there", probe.Said{Status: 404, Text: apis("model: m")}, true, Bad, "does not know the model m → correct proxy.models"},
		{"a page of somebody else", probe.Said{Status: 404, Text: "<html>Not Found</html>"}, false, Bad, "is not the model's API"},
		{"a page for a model of the settings", probe.Said{Status: 404, Text: "404 page not found"}, true, Bad, "is not the model's API"},
		{"a count of nothing", probe.Said{Status: 200, Text: `{"status":"ok"}`}, false, Bad, "is not the model's API"},
		{"the key is not valid", probe.Said{Status: 502, Text: apis("The model's API refuses the lab's key: tell your instructor.")}, false, Bad, "the API refuses the key → get a new key"},
		{"there is no key", probe.Said{Status: 503, Text: apis("The lab has no key for the model's API: tell your instructor.")}, false, Bad, "has no key"},
		{"the API is far", probe.Said{Status: 502, Text: apis("The model's API cannot be reached from the lab: try again.")}, false, Bad, "port 443"},
		{"another pair of keys", probe.Said{Status: 401, Text: apis("The credential is no session token of this lab")}, false, Bad, "takes no token of this gateway"},
		{"nobody answers", probe.Said{Text: "connect: connection refused"}, false, Bad, "does not answer: connect: connection refused"},
		{"something else", probe.Said{Status: 500, Text: "Oops"}, false, Bad, "status 500: Oops"},
	} {
		t.Run(test.name, func(t *testing.T) { says(t, judgeKey(test.said, "m", test.named), test.state, test.want) })
	}
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name      string
		now, told time.Time
		state     State
		want      string
	}{
		{"agrees", now, now.Add(29 * time.Second), Good, "agrees with the API server"},
		{"is behind", now, now.Add(31 * time.Second), Bad, "31s away"},
		{"is ahead", now, now.Add(-time.Hour), Bad, "1h0m0s away"},
		{"nobody tells", now, time.Time{}, Skipped, "nobody"},
		{"has no battery", time.Unix(0, 0), time.Time{}, Bad, "it shows 1970-01-01"},
	} {
		t.Run(test.name, func(t *testing.T) { says(t, judgeClock(test.now, test.told, "the API server"), test.state, test.want) })
	}
}
