package kube

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/sandbox"
	"lectern/sandbox/hold"
)

// flight is a sandbox in the making, on which all calls of Acquire for one
// learner wait. It ends when it is ready or when nobody waits any more.
type flight struct {
	cancel context.CancelFunc
	done   chan struct{}
	box    *box // valid once done is closed
	err    error

	waiting int // guarded by the Backend's mutex

	mu        sync.Mutex
	last      sandbox.Phase
	listeners map[int]func(sandbox.Phase)
	number    int
}

// report tells everybody who waits.
func (f *flight) report(p sandbox.Phase) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p == f.last {
		return
	}
	f.last = p
	for _, listen := range f.listeners {
		listen(p) // never blocks for long: it is a learner's mailbox
	}
}

// listen calls report for the phases from now on, the present one first.
func (f *flight) listen(report func(sandbox.Phase)) (stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last.Kind != "" {
		report(f.last)
	}
	n := f.number
	f.number++
	f.listeners[n] = report
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners, n)
	}
}

// Acquire returns the learner's live sandbox or makes a Pod.
func (b *Backend) Acquire(ctx context.Context, spec sandbox.Spec, report func(sandbox.Phase)) (sandbox.Sandbox, error) {
	name := sandbox.Name(spec.Login)
	b.mu.Lock()
	f, ok := b.flights[name]
	if !ok {
		making, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.opts.Start)
		f = &flight{cancel: cancel, done: make(chan struct{}), listeners: make(map[int]func(sandbox.Phase))}
		b.flights[name] = f
		go func() {
			defer close(f.done)
			defer cancel()
			f.box, f.err = b.make(making, name, spec, f.report)
			b.mu.Lock()
			delete(b.flights, name)
			b.mu.Unlock()
		}()
	}
	f.waiting++
	b.mu.Unlock()
	defer f.listen(report)()
	select {
	case <-f.done:
	case <-ctx.Done():
	}
	b.mu.Lock()
	f.waiting--
	last := f.waiting == 0
	b.mu.Unlock()
	if last {
		f.cancel() // nobody wants it any more; what is done already stays
		<-f.done
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.err != nil {
		return nil, f.err
	}
	return f.box, nil
}

// make brings the learner's Pod up, a new one or the one that is there. What
// it has made itself and cannot bring up it takes away again.
func (b *Backend) make(ctx context.Context, name string, spec sandbox.Spec, report func(sandbox.Phase)) (*box, error) {
	var last sandbox.Phase
	note := func(p sandbox.Phase) {
		last = p
		report(p)
	}
	for {
		pod, mine, err := b.createOrJoin(ctx, name, spec, note)
		if err == nil {
			var made *box
			if made, err = b.bringUp(ctx, pod, spec, note); err == nil {
				note(sandbox.Phase{Kind: sandbox.Ready})
				return made, nil
			}
		}
		if mine {
			b.discard(ctx, pod)
		}
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return nil, late(b.opts.Start, last)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, errVanished) && !mine: // its maker has given up
			continue
		}
		return nil, err
	}
}

// discard removes a Pod that did not come up, also when the learner has left.
func (b *Backend) discard(ctx context.Context, pod *corev1.Pod) {
	if err := b.remove(context.WithoutCancel(ctx), pod.Name, pod.UID); err != nil {
		b.opts.Log.Warn("could not remove a Pod that did not start", "pod", pod.Name, "error", err)
	}
}

// createOrJoin returns a new Pod, or the live one that has the name.
func (b *Backend) createOrJoin(ctx context.Context, name string, spec sandbox.Spec, report func(sandbox.Phase)) (pod *corev1.Pod, mine bool, err error) {
	for {
		report(sandbox.Phase{Kind: sandbox.Scheduling})
		model, err := b.wayToModel(ctx)
		if err != nil {
			return nil, false, err
		}
		if err := b.claim(ctx, spec); err != nil {
			return nil, false, err
		}
		pod, err := b.pods.Create(ctx, b.pod(spec, model), metav1.CreateOptions{})
		if err == nil {
			return pod, true, nil
		}
		if !apierrors.IsAlreadyExists(err) {
			return nil, false, refused(fmt.Errorf("create the sandbox's Pod: %w", err))
		}
		pod, err = b.get(ctx, name)
		switch {
		case err != nil:
			return nil, false, err
		case pod == nil: // gone in this moment
			continue
		}
		if _, over := b.isOver(pod.UID); !over && !ending(pod) {
			return pod, false, nil
		}
		report(sandbox.Phase{Kind: sandbox.Scheduling, Detail: "Your former sandbox is being cleared away."})
		if err := b.remove(ctx, name, pod.UID); err != nil {
			return nil, false, err
		}
	}
}

// bringUp waits until the Pod is ready and brings it the course.
func (b *Backend) bringUp(ctx context.Context, pod *corev1.Pod, spec sandbox.Spec, report func(sandbox.Phase)) (*box, error) {
	uid := pod.UID
	err := b.follow(ctx, pod.Name, func(now *corev1.Pod) (bool, error) {
		if now == nil || now.UID != uid || now.DeletionTimestamp != nil {
			return false, errVanished
		}
		pod = now
		if ready(now) {
			return true, nil
		}
		phase, err := judge(now, time.Now())
		if err == nil {
			report(phase)
		}
		return false, err
	})
	if err != nil {
		return nil, err
	}
	made := b.box(pod)
	if pod.Annotations[annotationReady] != "" {
		return made, nil
	}
	report(sandbox.Phase{Kind: sandbox.Copying})
	credential, err := b.credential(pod)
	if err != nil {
		return nil, err
	}
	link, err := b.connect(ctx, pod.Name)
	if err != nil {
		return nil, err
	}
	if err := hold.DeliverCourse(ctx, link, spec.CourseDir, credential...); err != nil {
		return nil, link.fault(err)
	}
	if err := b.annotate(ctx, pod.Name, uid, map[string]string{annotationReady: "true"}); err != nil {
		_ = link.Close()
		return nil, fmt.Errorf("mark the sandbox as ready: %w", err)
	}
	made.keep(link)
	return made, nil
}
