package kube

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"lectern/sandbox"
	"lectern/sandbox/hold"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func waiting(reason string) *corev1.Pod {
	return &corev1.Pod{
		Spec: corev1.PodSpec{NodeName: "node"},
		Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{
			{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "because"}}},
		}},
	}
}

func unscheduled(since time.Duration) *corev1.Pod {
	return &corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
		Message: "0/1 nodes are available", LastTransitionTime: metav1.NewTime(now.Add(-since)),
	}}}}
}

func terminated(reason, message string, code int32) *corev1.Pod {
	return &corev1.Pod{Spec: corev1.PodSpec{NodeName: "node"}, Status: corev1.PodStatus{Phase: corev1.PodFailed,
		ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{Reason: reason, Message: message, ExitCode: code},
		}}}}}
}

func TestJudge(t *testing.T) {
	running := waiting("")
	running.Status.ContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	for name, test := range map[string]struct {
		pod    *corev1.Pod
		phase  sandbox.PhaseKind
		reason string // part of it, where it can come no further
		cause  string
	}{
		"new":                {pod: &corev1.Pod{}, phase: sandbox.Scheduling},
		"no room yet":        {pod: unscheduled(time.Second), phase: sandbox.Scheduling},
		"no room for long":   {pod: unscheduled(time.Minute), reason: "no machine with room", cause: "0/1 nodes"},
		"image on its way":   {pod: waiting("ContainerCreating"), phase: sandbox.Pulling},
		"first failed pull":  {pod: waiting("ErrImagePull"), phase: sandbox.Pulling},
		"image missing":      {pod: waiting("ImagePullBackOff"), reason: "image is not to be had", cause: "ImagePullBackOff: because"},
		"image never pulled": {pod: waiting("ErrImageNeverPull"), reason: "image is not to be had"},
		"bad set-up":         {pod: waiting("CreateContainerConfigError"), reason: "as it is set up"},
		"running":            {pod: running, phase: sandbox.Starting},
		"ended at once":      {pod: terminated("Error", "no such flag", 2), reason: "only just started", cause: "no such flag"},
	} {
		t.Run(name, func(t *testing.T) {
			phase, err := judge(test.pod, now)
			var unavailable *sandbox.Unavailable
			if errors.As(err, &unavailable) != (test.reason != "") || err == nil && phase.Kind != test.phase {
				t.Fatalf("phase %q, %v", phase.Kind, err)
			}
			if unavailable != nil && (!strings.Contains(unavailable.Reason, test.reason) || unavailable.Full ||
				!strings.Contains(unavailable.Err.Error(), test.cause)) {
				t.Errorf("%q, because %v", unavailable.Reason, unavailable.Err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	for name, test := range map[string]struct {
		err    error
		reason string
		full   bool
	}{
		"quota":     {err: apierrors.NewForbidden(pods, "lab", errors.New("exceeded quota: sandboxes, used: pods=4")), reason: "quota", full: true},
		"admission": {err: apierrors.NewForbidden(pods, "lab", errors.New("violates PodSecurity")), reason: "do not admit"},
		"invalid":   {err: apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "lab", nil), reason: "do not admit"},
		"namespace": {err: apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "x"), reason: "namespace"},
		"network":   {err: errors.New("connection refused")},
	} {
		t.Run(name, func(t *testing.T) {
			var unavailable *sandbox.Unavailable
			err := refused(test.err)
			if errors.As(err, &unavailable) != (test.reason != "") {
				t.Fatalf("%v", err)
			}
			if unavailable != nil && (unavailable.Full != test.full || !strings.Contains(unavailable.Reason, test.reason)) {
				t.Errorf("%+v", unavailable)
			}
		})
	}
}

func TestExitOf(t *testing.T) {
	evicted := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted"}}
	late := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed, Reason: "DeadlineExceeded"}}
	shutDown := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed, Reason: "NodeShutdown"}}
	deleted := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{Time: now}}}
	for name, test := range map[string]struct {
		pod    *corev1.Pod
		ending sandbox.Ending
		code   int
		says   string
		died   sandbox.Cause
	}{
		"the holder's word": {terminated("Error", `{"ending":"exited","code":42,"Cause":"evicted"}`, 42), sandbox.Exited, 42, "", ""},
		"memory":            {terminated("OOMKilled", "", 137), sandbox.Lost, 137, "more memory", sandbox.OutOfMemory},
		"no word":           {terminated("Error", "panic: no", 2), sandbox.Lost, 1, "without a word", sandbox.Unknown},
		"evicted":           {evicted, sandbox.Lost, 1, "evicted", sandbox.Evicted},
		"stopped":           {terminated("Error", `{"ending":"stopped","code":1,"reason":"had to go"}`, 1), sandbox.Stopped, 1, "had to go", ""},
		"node":              {shutDown, sandbox.Lost, 1, "machine", sandbox.HostLost},
		"deadline":          {late, sandbox.LifeOver, 1, "time is over", ""},
		"deleted":           {deleted, sandbox.Killed, 1, "deleted in the cluster", sandbox.Deleted},
		"vanished":          {&corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning}}, sandbox.Killed, 1, "deleted in the cluster", sandbox.Deleted},
	} {
		t.Run(name, func(t *testing.T) {
			exit := exitOf(test.pod)
			if by, _ := exit.Died(); by != test.died {
				t.Errorf("it died by %q, want %q", by, test.died)
			}
			if exit.Ending != test.ending || exit.Code != test.code || !strings.Contains(exit.Reason, test.says) {
				t.Errorf("%+v", exit)
			}
		})
	}
}

func TestCopiesComeBack(t *testing.T) {
	b := &Backend{opts: Options{Life: time.Hour}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(now)}}
	if info := b.infoOf(pod); info.Attached || !info.DetachedAt.Equal(now) || !info.Expires.Equal(now.Add(time.Hour)) {
		t.Errorf("a new Pod: %+v", info)
	}
	left := now.Add(5 * time.Minute)
	pod.Annotations = copies(hold.Status{Epoch: 3, Expires: now.Add(2 * time.Hour), DetachedAt: left})
	if info := b.infoOf(pod); info.Epoch != 3 || info.Attached || !info.DetachedAt.Equal(left) || !info.Expires.Equal(now.Add(2*time.Hour)) {
		t.Errorf("after a visit: %+v", info)
	}
	pod.Annotations = copies(hold.Status{Epoch: 3, DetachedAt: time.Now().Add(-time.Hour)})
	if info := b.infoOf(pod); info.Alone < time.Hour-time.Minute || info.Alone > time.Hour+time.Minute {
		t.Errorf("an hour after a visit: %+v", info)
	}
	if info := with(b.infoOf(pod), hold.Status{Alone: time.Minute}); info.Alone != time.Minute {
		t.Errorf("the holder's own word does not count: %+v", info)
	}
	pod.Annotations = copies(hold.Status{Epoch: 4, Attached: true, Expires: now})
	if info := b.infoOf(pod); !info.Attached || !info.DetachedAt.IsZero() || info.Alone != 0 {
		t.Errorf("during a visit: %+v", info)
	}
}

func TestNewsCountMoreThanCopies(t *testing.T) {
	b := &Backend{news: make(map[types.UID]heard)}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "a", Annotations: copies(hold.Status{Epoch: 1, DetachedAt: now})}}
	pod.Spec.NodeName = "node"
	if info := b.newest(pod); info.Epoch != 1 || info.Watched != nil || !info.LastInput.IsZero() {
		t.Errorf("without news: %+v", info)
	}
	b.news["b"] = heard{}
	b.news["a"] = heard{
		hold.Status{Epoch: 2, DetachedAt: now, Alone: time.Minute, LastInput: now, Watched: []string{"grace"}}, time.Now().Add(-time.Hour),
	}
	info := b.newest(pod)
	if info.Epoch != 2 || !info.LastInput.Equal(now) || !slices.Equal(info.Watched, []string{"grace"}) || info.Place != "node" {
		t.Errorf("with news: %+v", info)
	}
	if info.Alone < time.Hour+time.Minute || info.Alone > time.Hour+2*time.Minute {
		t.Errorf("alone for a minute an hour ago, and for %s now", info.Alone)
	}
	b.news["a"] = heard{hold.Status{Epoch: 3, Attached: true}, time.Now().Add(-time.Hour)}
	if info := b.newest(pod); !info.Attached || info.Alone != 0 {
		t.Errorf("with somebody there: %+v", info)
	}
}

func TestNewer(t *testing.T) {
	pod := func(epoch string, age time.Duration) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			CreationTimestamp: metav1.NewTime(now.Add(-age)), Annotations: map[string]string{annotationEpoch: epoch},
		}}
	}
	if !newer(pod("2", time.Hour), pod("1", time.Minute)) || newer(pod("", time.Minute), pod("1", time.Hour)) {
		t.Error("the newest epoch does not count most")
	}
	if !newer(pod("1", time.Minute), pod("1", time.Hour)) {
		t.Error("of two with one epoch the younger does not count")
	}
}
