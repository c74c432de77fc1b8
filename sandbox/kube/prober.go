package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/remotecommand"

	"lectern/sandbox"
)

// ProbeLife is the longest life of a probe: an end also where its maker is
// killed before it can remove it.
const ProbeLife = 5 * time.Minute

// What a probe takes besides learners: as little as will do.
var (
	probeRequests = corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi"),
	}
	probeLimits = corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("128Mi"),
	}
)

// Prober makes probes: Pods that the cluster treats as it does sandboxes, and
// that are no learner's. They have a sandbox's labels, so that the same network
// policies select them, and one more, by which no gateway takes them for a
// sandbox (selector).
type Prober struct{ backend *Backend }

// NewProber reaches no cluster yet.
func NewProber(opts Options) (*Prober, error) {
	client, err := kubernetes.NewForConfig(opts.Config)
	if err != nil {
		return nil, fmt.Errorf("set up the Kubernetes client: %w", err)
	}
	return &Prober{&Backend{opts: opts, client: client, pods: client.CoreV1().Pods(opts.Namespace)}}, nil
}

// Sandbox is a Pod as learners get it, under a name that is no learner's. It is
// to ask the cluster about, not to be made.
func (p *Prober) Sandbox(name string) *corev1.Pod {
	pod := p.backend.pod(sandbox.Spec{CourseID: "probe", Stage: 1}, way{})
	pod.Name = name
	pod.Labels = maps.Clone(pod.Labels)
	delete(pod.Labels, labelUser)
	delete(pod.Labels, labelSession)
	pod.Labels[labelProbe] = "true"
	pod.Annotations = nil
	return pod
}

// Probe is a Pod that runs a command of the lectern program in a sandbox's
// place. Its home is its own and empty.
func (p *Prober) Probe(ctx context.Context, name string, command ...string) (*corev1.Pod, error) {
	model, err := p.backend.wayToModel(ctx)
	if err != nil {
		return nil, err
	}
	opts := p.backend.opts
	opts.Pod.Storage = Storage{Kind: StorageNone, Size: smallSize}
	opts.Pod.Requests, opts.Pod.Limits = probeRequests, probeLimits
	pod := (&Prober{&Backend{opts: opts}}).Sandbox(name)
	pod.Spec.HostAliases = model.aliases
	pod.Spec.ActiveDeadlineSeconds = whole(ProbeLife)
	pod.Spec.TerminationGracePeriodSeconds = whole(0)
	pod.Spec.Containers[0].Command = append([]string{executable}, command...)
	return pod, nil
}

// Learners counts the Pods that take a learner's place.
func (p *Prober) Learners(ctx context.Context) (int, error) {
	pods, err := p.backend.list(ctx)
	if err != nil {
		return 0, err
	}
	return len(slices.DeleteFunc(pods, func(pod corev1.Pod) bool { return finished(&pod) })), nil
}

// Try asks the cluster whether it would take the Pod, and makes none.
func (p *Prober) Try(ctx context.Context, pod *corev1.Pod) error {
	_, err := p.backend.pods.Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// TryClaim asks the cluster for a learner's volume claim without making it, and
// returns the claim as it would be.
func (p *Prober) TryClaim(ctx context.Context, name string) (*corev1.PersistentVolumeClaim, error) {
	claim := p.backend.opts.Pod.Storage.claim(name, p.backend.opts.Namespace)
	claims := p.backend.client.CoreV1().PersistentVolumeClaims(p.backend.opts.Namespace)
	return claims.Create(ctx, claim, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

// Start makes a probe and waits until it runs. A Pod that is returned has to be
// removed, also with an error; the error says in words why it does not run.
func (p *Prober) Start(ctx context.Context, pod *corev1.Pod) (*corev1.Pod, error) {
	// Whoever is interrupted now still wants to know whether there is a Pod to remove.
	creating, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerLimit)
	defer cancel()
	made, err := p.backend.pods.Create(creating, pod, metav1.CreateOptions{})
	if err != nil {
		if uncertain(err) { // it may be there all the same
			return pod, fmt.Errorf("create the probe: %w", err)
		}
		return nil, refused(fmt.Errorf("create the probe: %w", err))
	}
	uid := made.UID
	err = p.backend.follow(ctx, made.Name, func(now *corev1.Pod) (bool, error) {
		if now == nil || now.UID != uid || now.DeletionTimestamp != nil {
			return false, errVanished
		}
		made = now
		if ready(now) {
			return true, nil
		}
		_, err := judge(now, time.Now())
		return false, err
	})
	return made, err
}

// uncertain tells whether a request may have been heard, though its answer was
// not or is that it took too long.
func uncertain(err error) bool {
	return apierrors.ReasonForError(err) == metav1.StatusReasonUnknown ||
		apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) || apierrors.IsInternalError(err)
}

// Run runs a command in a probe and returns what it prints.
func (p *Prober) Run(ctx context.Context, pod string, input []byte, command ...string) ([]byte, error) {
	executor, err := p.backend.executor(pod, append([]string{executable}, command...)...)
	if err != nil {
		return nil, err
	}
	var output bytes.Buffer
	var complaint limited
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: bytes.NewReader(input), Stdout: &output, Stderr: &complaint})
	if err != nil {
		return nil, errors.Join(err, complaint.err())
	}
	return output.Bytes(), nil
}

// Remove deletes a probe; it is gone when Remove returns.
func (p *Prober) Remove(ctx context.Context, pod *corev1.Pod) error {
	if pod.UID != "" {
		return p.backend.remove(ctx, pod.Name, pod.UID)
	}
	err := p.backend.pods.Delete(ctx, pod.Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// Sweep removes the probes that a doctor has left who was killed. Those that run
// may be another's.
func (p *Prober) Sweep(ctx context.Context) error {
	left, err := p.backend.pods.List(ctx, metav1.ListOptions{LabelSelector: labelProbe})
	if err != nil {
		return err
	}
	for i := range left.Items {
		if pod := &left.Items[i]; finished(pod) {
			err = errors.Join(err, p.Remove(ctx, pod))
		}
	}
	return err
}

// Why tells what an error of this package means to whoever runs the cluster:
// its cause, where a learner would be told to ask them.
func Why(err error) string {
	var told *sandbox.Unavailable
	if errors.As(err, &told) && told.Err != nil {
		err = told.Err
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}
