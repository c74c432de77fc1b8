package kube

import (
	"errors"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"lectern/sandbox"
)

// A probe has a sandbox's labels and walls, takes nobody's place, and ends by
// itself.
func TestProbeIsInASandboxesPlace(t *testing.T) {
	opts := Options{
		Config: &rest.Config{}, Namespace: "lectern-sandboxes",
		Pod: PodOptions{Image: "image", PullPolicy: corev1.PullNever, NodeSelector: map[string]string{"a": "b"}, Storage: Storage{Kind: StoragePVC}},
	}
	p, err := NewProber(opts)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := p.Probe(t.Context(), "probe-1", "probe", "listen")
	if err != nil {
		t.Fatal(err)
	}
	learners := p.backend.pod(sandbox.Spec{Login: "ada", Session: "s", CourseID: "c", Stage: 1}, way{})
	selects, err := labels.Parse(selector)
	if err != nil {
		t.Fatal(err)
	}
	if selects.Matches(labels.Set(probe.Labels)) || !selects.Matches(labels.Set(learners.Labels)) {
		t.Error("a gateway takes a probe for a sandbox, or no sandbox for one")
	}
	for _, key := range []string{labelName, "app.kubernetes.io/managed-by"} {
		if probe.Labels[key] != learners.Labels[key] {
			t.Errorf("the label %s is %q, and a sandbox's %q", key, probe.Labels[key], learners.Labels[key])
		}
	}
	if len(probe.Annotations) > 0 || probe.Labels[labelUser] != "" || probe.Labels[labelSession] != "" {
		t.Errorf("it says that it is somebody's: %v %v", probe.Labels, probe.Annotations)
	}
	if got := *probe.Spec.ActiveDeadlineSeconds; got != int64(ProbeLife.Seconds()) {
		t.Errorf("it may live for %d s", got)
	}
	if slices.ContainsFunc(probe.Spec.Volumes, func(v corev1.Volume) bool { return v.EmptyDir == nil }) {
		t.Errorf("its volumes are %v", probe.Spec.Volumes)
	}
	// What is not named here is a sandbox's.
	for _, pod := range []*corev1.Pod{probe, learners} {
		pod.Spec.ActiveDeadlineSeconds, pod.Spec.TerminationGracePeriodSeconds, pod.Spec.Volumes = nil, nil, nil
		pod.Spec.Containers[0].Command, pod.Spec.Containers[0].Resources = nil, corev1.ResourceRequirements{}
	}
	if got, want := probe.Spec.String(), learners.Spec.String(); got != want {
		t.Errorf("it is\n%s\nand a sandbox\n%s", got, want)
	}
}

// A Pod that may have been made has to be removed.
func TestUncertainAnswers(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	for _, test := range []struct {
		err  error
		want bool
	}{
		{errors.New("read: connection reset by peer"), true},
		{apierrors.NewTimeoutError("request did not complete within requested timeout", 1), true},
		{apierrors.NewServerTimeout(pods, "create", 1), true},
		{apierrors.NewInternalError(errors.New("etcdserver: request timed out")), true},
		{apierrors.NewForbidden(pods, "probe", errors.New("exceeded quota")), false},
		{apierrors.NewNotFound(pods, "probe"), false},
		{apierrors.NewAlreadyExists(pods, "probe"), false},
		{apierrors.NewTooManyRequests("later", 1), false},
	} {
		if got := uncertain(test.err); got != test.want {
			t.Errorf("%v: got %t", test.err, got)
		}
	}
}
