package manifests_test

import (
	"path"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
)

// headroom is how many Pods may still stop while their successors start.
const headroom = 2

func TestQuotaFitsTheSettings(t *testing.T) {
	for _, dir := range everything {
		t.Run(path.Base(dir), func(t *testing.T) { quotaFits(t, render(t, dir)) })
	}
}

func quotaFits(t *testing.T, objects []runtime.Object) {
	t.Helper()
	c := settings(t, objects).Sandbox
	pods := c.MaxSessions + headroom
	times := func(one resource.Quantity) *resource.Quantity { one.Mul(pods); return &one }
	want := map[corev1.ResourceName]*resource.Quantity{
		corev1.ResourcePods:           resource.NewQuantity(pods, resource.DecimalSI),
		corev1.ResourceRequestsCPU:    times(c.Kubernetes.Requests.CPU),
		corev1.ResourceLimitsCPU:      times(c.Kubernetes.Limits.CPU),
		corev1.ResourceRequestsMemory: times(c.Kubernetes.Requests.Memory),
		corev1.ResourceLimitsMemory:   times(c.Kubernetes.Limits.Memory),
	}
	var got corev1.ResourceList
	for _, quota := range all[*corev1.ResourceQuota](objects) {
		if quota.Name == "sandboxes" {
			got = quota.Spec.Hard
		}
	}
	if len(got) != len(want) {
		t.Errorf("the quota bounds %d things, want %d", len(got), len(want))
	}
	for name, amount := range want {
		if have := got[name]; have.Cmp(*amount) != 0 {
			t.Errorf("the quota of %s is %s; %d sessions and %d more need %s", name, &have, c.MaxSessions, headroom, amount)
		}
	}
}

func TestLimitRangeLetsASandboxBe(t *testing.T) {
	objects := render(t, base)
	c := settings(t, objects).Sandbox.Kubernetes
	limits := only[*corev1.LimitRange](t, objects).Spec.Limits
	if len(limits) != 1 || limits[0].Type != corev1.LimitTypeContainer {
		t.Fatalf("the limits are for %+v, want one for containers", limits)
	}
	for name, amounts := range map[string]struct {
		list corev1.ResourceList
		want resources
	}{
		"max": {limits[0].Max, c.Limits}, "default": {limits[0].Default, c.Limits}, "defaultRequest": {limits[0].DefaultRequest, c.Requests},
	} {
		if amounts.list.Cpu().Cmp(amounts.want.CPU) != 0 || amounts.list.Memory().Cmp(amounts.want.Memory) != 0 {
			t.Errorf("%s is %v; sandbox.kubernetes has %v", name, amounts.list, amounts.want)
		}
	}
	// A home that is not kept counts as disk of its container.
	if disk := limits[0].Default.StorageEphemeral(); disk.Cmp(c.Storage.Size) <= 0 {
		t.Errorf("a sandbox may write %s, and its home alone %s", disk, &c.Storage.Size)
	}
	if !limits[0].Default.StorageEphemeral().Equal(*limits[0].Max.StorageEphemeral()) || limits[0].DefaultRequest.StorageEphemeral().IsZero() {
		t.Errorf("of disk a container gets %s, may have %s and is promised %s", limits[0].Default.StorageEphemeral(),
			limits[0].Max.StorageEphemeral(), limits[0].DefaultRequest.StorageEphemeral())
	}
}
