package kube

import (
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"lectern/sandbox"
)

// How a Pod that starts is judged.

// roomPatience is how long a Pod may stay without a node that could take it:
// a node may be about to come, or a Pod about to go.
const roomPatience = 20 * time.Second

// judge tells how far a Pod has come, or why it will come no further.
func judge(pod *corev1.Pod, now time.Time) (sandbox.Phase, error) {
	if finished(pod) {
		return sandbox.Phase{}, &sandbox.Unavailable{
			Reason: strings.TrimSuffix(exitOf(pod).Reason, kept) + " It had only just started. Please try again, and tell your instructor if it goes on.",
			Err:    fmt.Errorf("the Pod ended as %s %s%s", pod.Status.Phase, pod.Status.Reason, lastWords(pod)),
		}
	}
	if pod.Spec.NodeName == "" {
		for _, c := range pod.Status.Conditions {
			if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse || c.Reason != corev1.PodReasonUnschedulable {
				continue
			}
			if now.Sub(c.LastTransitionTime.Time) > roomPatience {
				return sandbox.Phase{}, &sandbox.Unavailable{
					Reason: "The cluster has no machine with room for your sandbox. Try again in a few minutes, or tell your instructor.",
					Err:    errors.New(c.Message),
				}
			}
			return sandbox.Phase{Kind: sandbox.Scheduling, Detail: "No machine has room just now."}, nil
		}
		return sandbox.Phase{Kind: sandbox.Scheduling}, nil
	}
	if len(pod.Status.ContainerStatuses) == 0 {
		return sandbox.Phase{Kind: sandbox.Pulling}, nil
	}
	if w := pod.Status.ContainerStatuses[0].State.Waiting; w != nil {
		return sandbox.Phase{Kind: sandbox.Pulling}, stuck(w.Reason, w.Message)
	}
	return sandbox.Phase{Kind: sandbox.Starting}, nil
}

// lastWords is what the Pod and its container have to say about their end.
func lastWords(pod *corev1.Pod) string {
	words := pod.Status.Message
	for _, c := range pod.Status.ContainerStatuses {
		if t := c.State.Terminated; t != nil {
			words += fmt.Sprintf(" (status %d, %s: %s)", t.ExitCode, t.Reason, strings.TrimSpace(t.Message))
		}
	}
	return words
}

// stuck says what it means that the kubelet does not get a container going, for
// reasons that do not pass by themselves.
func stuck(reason, message string) error {
	cause := fmt.Errorf("%s: %s", reason, message)
	switch reason {
	case "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName":
		return &sandbox.Unavailable{
			Reason: "The sandbox's image is not to be had, so no sandbox can start. Please tell your instructor.", Err: cause,
		}
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff":
		return &sandbox.Unavailable{
			Reason: "The cluster cannot start the sandbox as it is set up. Please tell your instructor.", Err: cause,
		}
	}
	return nil
}

// refused says what it means that the API server does not take a new object.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		return &sandbox.Unavailable{
			Full: true, Reason: "The cluster's quota for sandboxes is used up; yours starts when another ends.", Err: err,
		}
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err):
		return &sandbox.Unavailable{
			Reason: "The cluster's rules do not admit the sandbox as it is set up. Please tell your instructor.", Err: err,
		}
	case apierrors.IsNotFound(err):
		return &sandbox.Unavailable{
			Reason: "The namespace of the sandboxes is not there. Please tell your instructor.", Err: err,
		}
	}
	return err
}

// late says that a Pod did not become ready in time.
func late(limit time.Duration, last sandbox.Phase) error {
	return &sandbox.Unavailable{
		Reason: fmt.Sprintf("Your sandbox did not become ready within %s. Try again in a moment, and tell your instructor if it goes on.", limit),
		Err:    fmt.Errorf("it came as far as %q", last.Kind),
	}
}
