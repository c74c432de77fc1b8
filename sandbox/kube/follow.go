package kube

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
)

// look is how often a followed Pod is judged again though nothing was heard:
// some judgements depend on time alone.
const look = time.Second

// follow calls judge with the Pod of that name, nil where there is none, now
// and at every change, until judge is done, fails, or ctx ends. A watch that
// ends is begun anew with what is there then.
func (b *Backend) follow(ctx context.Context, name string, judge func(*corev1.Pod) (done bool, err error)) error {
	for {
		pod, err := b.get(ctx, name)
		if err != nil {
			return err
		}
		if done, err := judge(pod); done || err != nil {
			return err
		}
		if done, err := b.followWatch(ctx, name, pod, judge); done || err != nil {
			return err
		}
	}
}

// followWatch is follow for the time of one watch.
func (b *Backend) followWatch(ctx context.Context, name string, pod *corev1.Pod, judge func(*corev1.Pod) (bool, error)) (bool, error) {
	opts := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()}
	if pod != nil {
		opts.ResourceVersion = pod.ResourceVersion
	}
	w, err := b.pods.Watch(ctx, opts)
	if err != nil {
		return false, err
	}
	defer w.Stop()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case event, open := <-w.ResultChan():
			if !open || event.Type == watch.Error {
				if err := ctx.Err(); err != nil {
					return false, err
				}
				return false, nil
			}
			changed, isPod := event.Object.(*corev1.Pod)
			if !isPod {
				continue
			}
			if pod = changed; event.Type == watch.Deleted {
				pod = nil
			}
		case <-tick.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
		if done, err := judge(pod); done || err != nil {
			return done, err
		}
	}
}
