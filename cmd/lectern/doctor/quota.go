package doctor

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// quota looks whether as many sandboxes as the settings promise get room.
func (c *cluster) quota(ctx context.Context) Finding {
	running, err := c.prober.Learners(ctx)
	if err != nil {
		return bad(err.Error(), "look at the API server's log")
	}
	promised := c.Settings.Sandbox.MaxSessions
	quotas, err := c.own.CoreV1().ResourceQuotas(c.Pods.Namespace).List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return c.tryQuota(ctx, promised, running)
	case err != nil:
		return bad(err.Error(), "look at the API server's log")
	}
	return judgeQuota(quotas.Items, c.Pods.Pod.Requests, c.Pods.Pod.Limits, promised, running)
}

const quotaMend = "raise the ResourceQuota sandboxes to sandbox.max_sessions and two more times sandbox.kubernetes.requests and limits, or lower sandbox.max_sessions"

func judgeQuota(quotas []corev1.ResourceQuota, requests, limits corev1.ResourceList, promised, running int) Finding {
	left, by := room(quotas, requests, limits)
	switch {
	case by == "":
		return good("no quota limits sandboxes")
	case running+left >= promised:
		return good(fmt.Sprintf("room for all of max_sessions (%d), %d of them running", promised, running))
	case left == 0:
		return bad(fmt.Sprintf("there is no room for another sandbox: %s is used up, with %d of %d running", by, running, promised), quotaMend)
	}
	return bad(fmt.Sprintf("there is room for %d sandboxes and max_sessions is %d: %s ends first", running+left, promised, by), quotaMend)
}

// room is how many more sandboxes the quotas let be, and which of their limits
// comes first; by is empty where none of them is about sandboxes.
func room(quotas []corev1.ResourceQuota, requests, limits corev1.ResourceList) (left int, by string) {
	one := resource.MustParse("1")
	each := map[corev1.ResourceName]resource.Quantity{
		corev1.ResourcePods: one, "count/pods": one,
		corev1.ResourceCPU: requests[corev1.ResourceCPU], corev1.ResourceRequestsCPU: requests[corev1.ResourceCPU],
		corev1.ResourceMemory: requests[corev1.ResourceMemory], corev1.ResourceRequestsMemory: requests[corev1.ResourceMemory],
		corev1.ResourceLimitsCPU: limits[corev1.ResourceCPU], corev1.ResourceLimitsMemory: limits[corev1.ResourceMemory],
	}
	for _, q := range quotas {
		for name, hard := range q.Status.Hard {
			needs, ours := each[name]
			if !ours || needs.IsZero() {
				continue
			}
			free := hard.DeepCopy()
			free.Sub(q.Status.Used[name])
			fits := max(int(free.MilliValue()/needs.MilliValue()), 0)
			what := fmt.Sprintf("%s of %s", name, q.Name)
			if by == "" || fits < left || fits == left && what < by {
				left, by = fits, what
			}
		}
	}
	return left, by
}

// tryQuota asks for the rest of the promise at once, in one Pod of so many
// containers, where the quota itself may not be looked at. That leaves the
// number of Pods out, of which the manifests' quota has more.
func (c *cluster) tryQuota(ctx context.Context, promised, running int) Finding {
	rest := promised - running
	if rest <= 0 {
		return good(fmt.Sprintf("all of max_sessions (%d) are running", promised))
	}
	pod := c.prober.Sandbox(c.probes.name("crowd"))
	one := pod.Spec.Containers[0]
	for n := 1; n < rest; n++ {
		one.Name = fmt.Sprintf("sandbox-%d", n)
		pod.Spec.Containers = append(pod.Spec.Containers, one)
	}
	err := c.prober.Try(ctx, pod)
	switch {
	case isQuota(err):
		return bad(fmt.Sprintf("there is no room for max_sessions (%d) sandboxes: %s", promised, saysWhat(err)), quotaMend)
	case err != nil:
		return skipped("this account may not look at the quota, and may not ask either: " + saysWhat(err))
	}
	return good(fmt.Sprintf("CPU and memory for all of max_sessions (%d), %d of them running", promised, running))
}
