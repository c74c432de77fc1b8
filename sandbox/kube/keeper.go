package kube

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"

	"lectern/sandbox"
	"lectern/sandbox/event"
	"lectern/sandbox/hold"
)

// keeper looks after one Pod from the first sight of it to its end: it listens
// to the holder, copies its news to the Pod, and clears the Pod away.
type keeper struct {
	watcher *watcher
	backend *Backend
	info    sandbox.Info
	pods    chan sighting // the newest
	latest  *corev1.Pod   // the same, and whether it is gone, for Watch's goroutine
	gone    bool
	pod     *corev1.Pod // the same, for our own

	supervisor *hold.Supervisor // nil while there is no connection
	news       chan hold.Status // the newest
	unwritten  *hold.Status     // news that is not on the Pod yet
	copied     map[string]string
	refused    chan struct{} // holds a token once an event could not be recorded
}

func newKeeper(w *watcher, pod *corev1.Pod) *keeper {
	return &keeper{
		watcher: w, backend: w.backend, info: w.backend.infoOf(pod), pod: pod,
		pods: make(chan sighting, 1), news: make(chan hold.Status, 1), refused: make(chan struct{}, 1),
	}
}

// retryAfter is how long a keeper waits before it connects again.
const retryAfter = time.Second

// leaving is how much longer than its grace a deleted Pod may take to go
// before it is taken for lost: its machine may be.
const leaving = 10 * time.Second

// keep returns when the Pod is gone, or ctx ends.
func (k *keeper) keep(ctx context.Context) {
	exit, ok := k.untilEnd(ctx)
	k.disconnect()
	if !ok {
		return
	}
	b, info := k.backend, k.backend.infoOf(k.pod)
	exit = b.ended(k.pod.UID, exit)
	_ = k.watcher.tell(ctx, sandbox.Change{Info: info, Ended: &exit})
	b.part(ctx, k.pod.UID, exit)
	for {
		err := b.remove(ctx, k.pod.Name, k.pod.UID)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		b.opts.Log.Error("could not clear away a Pod", "pod", k.pod.Name, "error", err)
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return
		}
	}
	_ = k.watcher.tell(ctx, sandbox.Change{Info: info, Freed: true})
}

// untilEnd follows the Pod and its holder until either says that it is over;
// ok is false where ctx ended before.
func (k *keeper) untilEnd(ctx context.Context) (exit sandbox.Exit, ok bool) {
	look := time.NewTicker(retryAfter)
	defer look.Stop()
	for {
		var left <-chan struct{}
		if k.supervisor != nil {
			left = k.supervisor.Done()
		}
		select {
		case <-ctx.Done():
			return exit, false
		case s := <-k.pods:
			k.pod = s.pod
			if s.gone || finished(s.pod) {
				return exitOf(s.pod), true
			}
			if k.supervisor == nil {
				k.connect(ctx)
			}
		case status := <-k.news:
			k.unwritten = &status
			k.copy(ctx)
		case <-left:
			exit, ok := k.supervisor.Exit()
			k.disconnect()
			if ok {
				return k.refined(ctx, exit)
			}
			// The next look connects again.
		case <-k.refused:
			// What could not be recorded comes again on a new connection.
			k.disconnect()
		case now := <-look.C:
			if k.abandoned(now) || k.stuckLeaving(now) {
				return exitOf(k.pod), true
			}
			k.copy(ctx)
			if k.supervisor == nil {
				k.connect(ctx)
			}
		}
	}
}

// refined waits for the cluster to say why a sandbox had to go, where that is
// all that its holder knows.
func (k *keeper) refined(ctx context.Context, exit sandbox.Exit) (sandbox.Exit, bool) {
	patience := time.NewTimer(verdictTime)
	defer patience.Stop()
	for exit.Ending == sandbox.Stopped && !ending(k.pod) {
		select {
		case s := <-k.pods:
			k.pod = s.pod
			if s.gone {
				return exitOf(s.pod), true
			}
		case <-patience.C:
			return exit, true
		case <-ctx.Done():
			return exit, false
		}
	}
	if exit.Ending == sandbox.Stopped {
		return exitOf(k.pod), true
	}
	return exit, true
}

// abandoned tells whether the Pod never got its course and its maker must have
// given up: it was killed, say.
func (k *keeper) abandoned(now time.Time) bool {
	age := now.Sub(k.pod.CreationTimestamp.Time)
	return k.pod.Annotations[annotationReady] == "" && age > k.backend.opts.Start+removal
}

func (k *keeper) stuckLeaving(now time.Time) bool {
	// The timestamp has the grace in it already (Kubernetes API, ObjectMeta).
	return k.pod.DeletionTimestamp != nil && now.Sub(k.pod.DeletionTimestamp.Time) > leaving
}

// connect joins the holder once there is something to hear from it.
func (k *keeper) connect(ctx context.Context) {
	if !ready(k.pod) || k.pod.Annotations[annotationReady] == "" || ending(k.pod) {
		return
	}
	uid := k.pod.UID
	connecting, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	s, _, err := k.backend.supervise(connecting, k.pod.Name, hold.Hear{
		Completed: func(m event.Message) error {
			err := k.watcher.tell(ctx, sandbox.Change{Info: k.info, Completed: &m})
			if err != nil {
				select {
				case k.refused <- struct{}{}:
				default:
				}
			}
			return err
		},
		Changed: func(s hold.Status) {
			k.backend.stopping(uid, s)
			k.backend.mu.Lock()
			k.backend.news[uid] = heard{s, time.Now()}
			k.backend.mu.Unlock()
			select { // only the newest counts
			case <-k.news:
			default:
			}
			k.news <- s
		},
	})
	if err != nil {
		if ctx.Err() == nil {
			k.backend.opts.Log.Warn("could not listen to a sandbox", "pod", k.pod.Name, "error", err)
		}
		return
	}
	k.supervisor = s
	k.backend.mu.Lock()
	k.backend.watched[k.pod.UID] = s
	k.backend.mu.Unlock()
}

func (k *keeper) disconnect() {
	if k.supervisor == nil {
		return
	}
	k.backend.mu.Lock()
	delete(k.backend.watched, k.pod.UID)
	k.backend.mu.Unlock()
	k.supervisor.Close() // and hears no more
	k.supervisor = nil
	k.backend.mu.Lock()
	delete(k.backend.news, k.pod.UID)
	k.backend.mu.Unlock()
}

// copy writes the holder's news to the Pod; what fails is tried again later.
func (k *keeper) copy(ctx context.Context) {
	if k.unwritten == nil {
		return
	}
	fresh, changed := copies(*k.unwritten), make(map[string]string)
	for key, value := range fresh {
		if k.copied[key] != value {
			changed[key] = value
		}
	}
	if len(changed) > 0 {
		err := k.backend.annotate(ctx, k.pod.Name, k.pod.UID, changed)
		if err != nil && !errors.Is(err, sandbox.ErrGone) {
			if ctx.Err() == nil {
				k.backend.opts.Log.Warn("could not write to a Pod how its session goes", "pod", k.pod.Name, "error", err)
			}
			return
		}
	}
	k.copied, k.unwritten = fresh, nil
}
