// Package kube makes sandboxes as Pods: one a learner, named after the learner,
// with the holder as its only process, reached by exec.
//
// What is true about a session is on its Pod: who and what in labels and
// annotations, how it goes in the holder, whose news Watch copies into further
// annotations. A gateway that starts finds everything there. The package knows
// Kubernetes; of what runs inside a Pod it knows only the holder.
package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"lectern/sandbox"
	"lectern/sandbox/hold"
)

// Options is what the backend needs.
type Options struct {
	// Config reaches the cluster.
	Config *rest.Config
	// Namespace holds the Pods.
	Namespace string
	// Pod is what every sandbox Pod has in common.
	Pod PodOptions
	// Command runs in every sandbox instead of the built-in tutor, which it is
	// when empty.
	Command []string
	// Model is what Claude Code needs to be the tutor; nil: the built-in one is.
	Model *Model
	// Life and Idle are the clocks of a new sandbox; Idle 0 is none.
	Life, Idle time.Duration
	// Start is how long a Pod may take until it is ready.
	Start time.Duration
	Log   *slog.Logger
}

// Backend implements sandbox.Backend. Several gateways may use one namespace.
type Backend struct {
	opts   Options
	client kubernetes.Interface
	pods   typedcorev1.PodInterface

	mu      sync.Mutex
	flights map[string]*flight               // by Pod name: sandboxes in the making
	over    map[types.UID]sandbox.Exit       // ended ones whose Pod may still be there
	watched map[types.UID]*hold.Supervisor   // the connections of Watch
	news    map[types.UID]heard              // the newest on each of them
	joined  map[types.UID]map[*join]struct{} // terminals attached from here
}

// New reaches the cluster and checks that the namespace can be looked into.
func New(ctx context.Context, opts Options) (*Backend, error) {
	client, err := kubernetes.NewForConfig(opts.Config)
	if err != nil {
		return nil, fmt.Errorf("set up the Kubernetes client: %w", err)
	}
	b := &Backend{
		opts: opts, client: client, pods: client.CoreV1().Pods(opts.Namespace),
		flights: make(map[string]*flight),
		over:    make(map[types.UID]sandbox.Exit),
		watched: make(map[types.UID]*hold.Supervisor),
		news:    make(map[types.UID]heard),
		joined:  make(map[types.UID]map[*join]struct{}),
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := b.list(ctx); err != nil {
		return nil, reachError(err, opts.Namespace)
	}
	return b, nil
}

// reachError says what to do about a cluster that does not answer as it must.
func reachError(err error, namespace string) error {
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("the gateway may not list Pods in the namespace %s: apply manifests/base, which has its Role (%w)", namespace, err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("the cluster does not know the gateway's credentials: check sandbox.kubernetes.kubeconfig (%w)", err)
	}
	return fmt.Errorf("the cluster does not answer: check sandbox.kubernetes.kubeconfig and the API server (%w)", err)
}

func (b *Backend) list(ctx context.Context) ([]corev1.Pod, error) {
	list, err := b.pods.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// get returns the Pod of that name, or nil.
func (b *Backend) get(ctx context.Context, name string) (*corev1.Pod, error) {
	pod, err := b.pods.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return pod, err
}

// Find returns the learner's live sandbox, or ok false.
func (b *Backend) Find(ctx context.Context, login string) (sandbox.Sandbox, bool, error) {
	pod, err := b.get(ctx, sandbox.Name(login))
	if err != nil {
		return nil, false, fmt.Errorf("look for the sandbox: %w", err)
	}
	if pod == nil || !b.usable(pod) {
		return nil, false, nil
	}
	return b.box(pod), true, nil
}

// usable tells whether a Pod can be handed out: it is ready, has its course,
// and nothing says that it has ended.
func (b *Backend) usable(pod *corev1.Pod) bool {
	_, over := b.isOver(pod.UID)
	return !over && !ending(pod) && ready(pod) && pod.Annotations[annotationReady] != ""
}

// List tells of all live sandboxes, oldest first: everything that takes a
// place, those that are starting and those that are going as well. It knows by
// Watch how they go, and where that hears nothing by what their Pods say.
func (b *Backend) List(ctx context.Context) ([]sandbox.Info, error) {
	pods, err := b.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the sandboxes: %w", err)
	}
	var infos []sandbox.Info
	for _, pod := range pods {
		if !finished(&pod) {
			infos = append(infos, b.newest(&pod))
		}
	}
	slices.SortFunc(infos, func(a, b sandbox.Info) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.Session, b.Session)
	})
	return infos, nil
}

// newest is what a Pod says about its session, or its holder has said since.
func (b *Backend) newest(pod *corev1.Pod) sandbox.Info {
	info := b.infoOf(pod)
	b.mu.Lock()
	news, ok := b.news[pod.UID]
	b.mu.Unlock()
	if ok {
		info = with(info, news.now())
	}
	return info
}

// ended notes that a sandbox is over, which the cluster may notice later. It
// returns how: what was noted first counts, unless that was only that it had to
// go and not why.
func (b *Backend) ended(uid types.UID, exit sandbox.Exit) sandbox.Exit {
	b.mu.Lock()
	defer b.mu.Unlock()
	if before, known := b.over[uid]; known && before.Ending != sandbox.Stopped {
		return before
	}
	b.over[uid] = exit
	return exit
}

// stopping notes that a sandbox is about to end, where its holder says so.
func (b *Backend) stopping(uid types.UID, status hold.Status) bool {
	if status.Stopping != nil {
		b.ended(uid, *status.Stopping)
	}
	return status.Stopping != nil
}

func (b *Backend) isOver(uid types.UID) (sandbox.Exit, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	exit, over := b.over[uid]
	return exit, over
}

// forget drops what is known of a Pod that is gone.
func (b *Backend) forget(uid types.UID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.over, uid)
}

// removal is how long the cluster may take to remove a Pod.
const removal = 30 * time.Second

// remove deletes a Pod, but no other of its name, and returns once it is gone.
func (b *Backend) remove(ctx context.Context, name string, uid types.UID) error {
	ctx, cancel := context.WithTimeout(ctx, removal)
	defer cancel()
	err := b.pods.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err): // it, or its name, is another's already
	case err != nil:
		return fmt.Errorf("delete the sandbox's Pod: %w", err)
	default:
		if err := b.awaitGone(ctx, name, uid); err != nil {
			return fmt.Errorf("the cluster has not removed the sandbox's Pod yet: %w", err)
		}
	}
	b.forget(uid)
	return nil
}

func (b *Backend) awaitGone(ctx context.Context, name string, uid types.UID) error {
	return b.follow(ctx, name, func(pod *corev1.Pod) (bool, error) {
		return pod == nil || pod.UID != uid, nil
	})
}

var errVanished = errors.New("the Pod was deleted while it started")

var _ sandbox.Backend = (*Backend)(nil)
