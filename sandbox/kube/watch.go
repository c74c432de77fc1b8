package kube

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"lectern/sandbox"
)

// relist is how often Watch lists the Pods anew: a watch can go silently stale.
const relist = time.Minute

// Watch follows every sandbox's Pod and holder, those that are there already
// and those to come. It clears away the Pods that end, and double ones.
func (b *Backend) Watch(ctx context.Context, handle func(context.Context, sandbox.Change) error) error {
	w := &watcher{
		backend: b, log: b.opts.Log, changes: make(chan change),
		keepers: make(map[types.UID]*keeper), buried: make(map[types.UID]bool), done: make(chan types.UID),
	}
	ctx, cancel := context.WithCancel(ctx)
	defer w.running.Wait()
	defer cancel()
	seen := make(chan sighting)
	w.running.Add(1)
	go func() {
		defer w.running.Done()
		w.inform(ctx, seen)
	}()
	tick := time.NewTicker(relist)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-seen:
			w.see(ctx, s.pod, s.gone)
		case uid := <-w.done:
			w.bury(uid)
		case <-tick.C:
			w.compare(ctx)
		case c := <-w.changes:
			c.done <- handle(ctx, c.Change)
		}
	}
}

// watcher is one Watch. Its maps belong to Watch's own goroutine.
type watcher struct {
	backend *Backend
	log     *slog.Logger
	changes chan change
	keepers map[types.UID]*keeper
	buried  map[types.UID]bool // those whose last news is still to come
	done    chan types.UID
	running sync.WaitGroup
}

// change is a Change on its way to the one goroutine that handles them.
type change struct {
	sandbox.Change
	done chan error
}

// tell takes a Change to Watch's handler and returns its answer.
func (w *watcher) tell(ctx context.Context, c sandbox.Change) error {
	done := make(chan error, 1)
	select {
	case w.changes <- change{c, done}:
		return <-done
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sighting is a Pod as it is now, or as it was when it went.
type sighting struct {
	pod  *corev1.Pod
	gone bool
}

// inform lists and watches the Pods until ctx ends.
func (w *watcher) inform(ctx context.Context, seen chan<- sighting) {
	send := func(object any, gone bool) {
		if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = tombstone.Obj
		}
		if pod, ok := object.(*corev1.Pod); ok {
			select {
			case seen <- sighting{pod, gone}:
			case <-ctx.Done():
			}
		}
	}
	pods := w.backend.pods
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: &cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				o.LabelSelector = selector
				return pods.List(ctx, o)
			},
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				o.LabelSelector = selector
				return pods.Watch(ctx, o)
			},
		},
		ObjectType: &corev1.Pod{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(object any) { send(object, false) },
			UpdateFunc: func(_, object any) { send(object, false) },
			DeleteFunc: func(object any) { send(object, true) },
		},
	})
	informer.RunWithContext(ctx)
}

// see hands a Pod to its keeper, who is new for a new Pod.
func (w *watcher) see(ctx context.Context, pod *corev1.Pod, gone bool) {
	if w.buried[pod.UID] {
		if gone {
			delete(w.buried, pod.UID)
		}
		return
	}
	k, known := w.keepers[pod.UID]
	if !known {
		if gone {
			return
		}
		k = newKeeper(w, pod)
		w.keepers[pod.UID] = k
		w.running.Add(1)
		go func() {
			defer w.running.Done()
			k.keep(ctx)
			select {
			case w.done <- pod.UID:
			case <-ctx.Done():
			}
		}()
		w.endDoubles(ctx, pod)
	}
	select { // only the newest counts
	case <-k.pods:
	default:
	}
	k.pods <- sighting{pod, gone}
	k.latest, k.gone = pod, gone
}

// bury forgets a keeper who is done. News of the Pod may still be on its way.
func (w *watcher) bury(uid types.UID) {
	if !w.keepers[uid].gone {
		w.buried[uid] = true
	}
	delete(w.keepers, uid)
}

// compare lists the Pods and mends what the watch has missed.
func (w *watcher) compare(ctx context.Context) {
	pods, err := w.backend.list(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.log.Error("could not list the sandboxes' Pods", "error", err)
		}
		return
	}
	there := make(map[types.UID]bool, len(pods))
	for i := range pods {
		there[pods[i].UID] = true
		w.see(ctx, &pods[i], false)
	}
	for uid, k := range maps.Clone(w.keepers) {
		if !there[uid] {
			w.see(ctx, k.latest, true)
		}
	}
	maps.DeleteFunc(w.buried, func(uid types.UID, _ bool) bool { return !there[uid] })
}

// endDoubles deletes all Pods of the newcomer's learner but the one with the
// newest epoch. Names alone keep this backend from making two, but a Pod may
// have been made by other hands.
func (w *watcher) endDoubles(ctx context.Context, newcomer *corev1.Pod) {
	best := newcomer
	var others []*corev1.Pod
	for _, k := range w.keepers {
		other := k.latest
		if other == nil || other.UID == newcomer.UID || ending(other) || other.Labels[labelUser] != newcomer.Labels[labelUser] {
			continue
		}
		if newer(other, best) {
			best, other = other, best
		}
		others = append(others, other)
	}
	for _, pod := range others {
		if pod.UID == best.UID || ending(pod) {
			continue
		}
		w.log.Warn("deletes a double sandbox of one learner", "pod", pod.Name, "keeps", best.Name, "login", pod.Annotations[annotationLogin])
		err := w.backend.pods.Delete(ctx, pod.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &pod.UID}})
		if err != nil && ctx.Err() == nil {
			w.log.Error("could not delete a double sandbox", "pod", pod.Name, "error", err)
		}
	}
}

// newer tells whether a rather than b is the learner's sandbox: the one that
// was joined more often, else the younger one.
func newer(a, b *corev1.Pod) bool {
	if x, y := number(a.Annotations[annotationEpoch]), number(b.Annotations[annotationEpoch]); x != y {
		return x > y
	}
	return b.CreationTimestamp.Before(&a.CreationTimestamp)
}
