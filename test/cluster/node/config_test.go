package node

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestKubeletConfigFollowsTheHost(t *testing.T) {
	v1 := hierarchies{v1: []string{"/sys/fs/cgroup/memory"}}
	v2 := hierarchies{v2: []string{"/sys/fs/cgroup"}}
	for name, test := range map[string]struct {
		host            host
		toleratesV1     bool
		inUserNamespace bool
	}{
		"version 1, without the capability": {host{cgroups: v1}, true, true},
		"version 2, full root":              {host{cgroups: v2, mayRaise: true}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := kubeletConfig(Node{Name: "lectern"}, test.host)
			if err != nil {
				t.Fatal(err)
			}
			var config map[string]any
			if err := json.Unmarshal(text, &config); err != nil {
				t.Fatal(err)
			}
			if _, found := config["failCgroupV1"]; found != test.toleratesV1 {
				t.Errorf("failCgroupV1 is set: %t, want %t", found, test.toleratesV1)
			}
			if _, found := config["featureGates"]; found != test.inUserNamespace {
				t.Errorf("featureGates are set: %t, want %t", found, test.inUserNamespace)
			}
			if got := config["cgroupRoot"]; got != "/lectern-cluster-lectern" {
				t.Errorf("Pods are below %v, where down does not look", got)
			}
		})
	}
}

func TestContainerdConfigFollowsTheHost(t *testing.T) {
	if got := string(containerdConfig(host{})); !strings.Contains(got, "restrict_oom_score_adj = true") {
		t.Errorf("without the capability, scores must be restricted:\n%s", got)
	}
	if got := string(containerdConfig(host{mayRaise: true})); !strings.Contains(got, "restrict_oom_score_adj = false") {
		t.Errorf("with the capability, scores need not be restricted:\n%s", got)
	}
}

func TestComponentsWaitForEachOther(t *testing.T) {
	all := components(Node{Name: "other"})
	for i, c := range all {
		if c.ready == nil {
			t.Errorf("%s is never ready", c.name)
		}
		for _, earlier := range c.after {
			// The order of the list proves that there is no circle.
			if !slices.ContainsFunc(all[:i], func(c component) bool { return c.name == earlier }) {
				t.Errorf("%s waits for %s, which does not come before it", c.name, earlier)
			}
		}
	}
	for _, name := range []string{"kubelet", "kube-proxy", "kube-router"} {
		c, found := find(all, name)
		if !found || !slices.Contains(c.command, "--hostname-override=other") {
			t.Errorf("%s does not know the node's name: %q", name, c.command)
		}
	}
}

func TestNames(t *testing.T) {
	for name, valid := range map[string]bool{
		"lectern": true, "e2e-2": true, "a": true,
		"": false, "../x": false, "UP": false, "-a": false, "a-": false, strings.Repeat("a", 31): false,
	} {
		if _, err := New(name); (err == nil) != valid {
			t.Errorf("New(%q): %v, want valid %t", name, err, valid)
		}
	}
}
