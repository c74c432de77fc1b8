package kube

import (
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"lectern/sandbox"
	"lectern/sandbox/claude"
	"lectern/sandbox/hold"
)

// What a Pod's own record tells.

// finished tells whether nothing runs in the Pod any more.
func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// ending tells whether the Pod is finished or on its way out.
func ending(pod *corev1.Pod) bool { return finished(pod) || pod.DeletionTimestamp != nil }

func ready(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// kept is a place where the former learner's session is named in the reasons.
const kept = " What you have done is kept: choose the stage again to go on."

// exitOf says how the sandbox of a Pod ended that is finished, going or gone.
// The holder's own word counts, unless all it knows is that it had to go.
func exitOf(pod *corev1.Pod) sandbox.Exit {
	var last sandbox.Exit
	for _, c := range pod.Status.ContainerStatuses {
		t := c.State.Terminated
		if t == nil {
			continue
		}
		if exit, ok := hold.ParseExit([]byte(t.Message)); ok {
			last = exit
		} else if t.Reason == "OOMKilled" {
			last = lostBy(sandbox.OutOfMemory, int(t.ExitCode), "Your sandbox used more memory than it may and was ended."+kept)
		}
	}
	if last.Ending != "" && last.Ending != sandbox.Stopped {
		return last
	}
	switch pod.Status.Reason {
	case "Evicted":
		return lostBy(sandbox.Evicted, 1, "The cluster was short of resources and evicted your sandbox."+kept)
	case "DeadlineExceeded":
		return sandbox.Exit{Ending: sandbox.LifeOver, Code: 1, Reason: "The session's time is over." + kept}
	case "NodeLost", "NodeShutdown", "Terminated":
		return lostBy(sandbox.HostLost, 1, "The machine of your sandbox was lost."+kept)
	}
	switch {
	case pod.DeletionTimestamp != nil || !finished(pod):
		return deleted()
	case last.Ending != "":
		return last
	}
	return lost(1, "Your sandbox ended without a word."+kept)
}

func deleted() sandbox.Exit {
	return sandbox.Exit{Ending: sandbox.Killed, Cause: sandbox.Deleted, Code: 1, Reason: "Your sandbox was deleted in the cluster." + kept}
}

func lost(code int, reason string) sandbox.Exit {
	return sandbox.Exit{Ending: sandbox.Lost, Code: max(code, 1), Reason: reason}
}

func lostBy(cause sandbox.Cause, code int, reason string) sandbox.Exit {
	exit := lost(code, reason)
	exit.Cause = cause
	return exit
}

// infoOf reads what the Pod says about its session.
func (b *Backend) infoOf(pod *corev1.Pod) sandbox.Info {
	a := pod.Annotations
	info := sandbox.Info{
		Session: pod.Labels[labelSession], Login: a[annotationLogin], CourseID: a[annotationCourse],
		Stage: number(a[annotationStage]), AsksModel: asksModel(pod), Epoch: number(a[annotationEpoch]),
		Started: pod.CreationTimestamp.Time, Attached: a[annotationAttached] == "true",
		Expires: moment(a[annotationExpires]), DetachedAt: moment(a[annotationDetachedAt]),
		Place: pod.Spec.NodeName,
	}
	if info.Expires.IsZero() {
		info.Expires = info.Started.Add(b.opts.Life)
	}
	if info.DetachedAt.IsZero() && !info.Attached {
		info.DetachedAt = info.Started // nobody has joined it yet
	}
	if !info.DetachedAt.IsZero() {
		info.Alone = max(time.Since(info.DetachedAt), 0) // as far as dates tell
	}
	return info
}

// asksModel tells whether the Pod was led to the API proxy when it was made.
func asksModel(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Env, func(v corev1.EnvVar) bool { return v.Name == claude.URLVariable })
	})
}

// with replaces the copies in info by what the holder says.
func with(info sandbox.Info, s hold.Status) sandbox.Info {
	info.Epoch, info.Started, info.Expires = s.Epoch, s.Started, s.Expires
	info.Attached, info.DetachedAt, info.Alone, info.LastInput = s.Attached, s.DetachedAt, s.Alone, s.LastInput
	info.Watched = s.Watched
	return info
}

// heard is a holder's news, and when they came.
type heard struct {
	status hold.Status
	at     time.Time
}

// now is what the news say, as far as nothing has changed since.
func (n heard) now() hold.Status {
	s := n.status
	if !s.DetachedAt.IsZero() {
		s.Alone += time.Since(n.at)
	}
	return s
}

// copies are the annotations that repeat what the holder says.
func copies(s hold.Status) map[string]string {
	a := map[string]string{
		annotationAttached: strconv.FormatBool(s.Attached), annotationEpoch: strconv.Itoa(s.Epoch),
		annotationExpires: s.Expires.UTC().Format(time.RFC3339), annotationDetachedAt: "",
	}
	if !s.DetachedAt.IsZero() {
		a[annotationDetachedAt] = s.DetachedAt.UTC().Format(time.RFC3339)
	}
	return a
}

// latestEnd is when the cluster ends the Pod, whatever its holder says.
func (b *Backend) latestEnd(pod *corev1.Pod) time.Time {
	if pod.Status.StartTime == nil || pod.Spec.ActiveDeadlineSeconds == nil {
		return pod.CreationTimestamp.Add(b.opts.Life + sandbox.Overtime)
	}
	return pod.Status.StartTime.Add(time.Duration(*pod.Spec.ActiveDeadlineSeconds) * time.Second)
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func moment(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text)
	return t
}
