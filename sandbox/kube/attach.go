package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"lectern/sandbox"
	"lectern/sandbox/hold"
)

// join is one terminal attached from this gateway.
type join struct {
	cancel context.CancelCauseFunc
	left   chan struct{} // closed once it has left
}

// over is the cause that ends an attach whose Pod is gone: an exec alone can
// hang for ever when that happens (kubernetes/kubernetes#129144).
type over struct{ exit sandbox.Exit }

func (o *over) Error() string { return o.exit.Reason }

func (b *Backend) enter(uid types.UID, cancel context.CancelCauseFunc) (leave func()) {
	j := &join{cancel: cancel, left: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.joined[uid] == nil {
		b.joined[uid] = make(map[*join]struct{})
	}
	b.joined[uid][j] = struct{}{}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		close(j.left)
		if delete(b.joined[uid], j); len(b.joined[uid]) == 0 {
			delete(b.joined, uid)
		}
	}
}

// partingTime is how long terminals may take to hear of the end from the
// holder itself, with the last of the output, before they are told.
const partingTime = time.Second

// part ends the attaches of a sandbox that is over.
func (b *Backend) part(ctx context.Context, uid types.UID, exit sandbox.Exit) {
	b.mu.Lock()
	var joins []*join
	for j := range b.joined[uid] {
		joins = append(joins, j)
	}
	b.mu.Unlock()
	patience := time.NewTimer(partingTime)
	defer patience.Stop()
	for _, j := range joins {
		select {
		case <-j.left:
			continue
		case <-patience.C:
			patience.Reset(0) // for the rest
		case <-ctx.Done():
			return
		}
		j.cancel(&over{exit})
	}
}

// Attach joins the tutor's terminal.
func (x *box) Attach(ctx context.Context, mode sandbox.AttachMode, t sandbox.Terminal) (sandbox.Exit, error) {
	b := x.backend
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer b.enter(x.uid, cancel)()
	l := x.takeSpare()
	if l == nil {
		var err error
		if l, err = b.connect(ctx, x.name); err != nil {
			_ = t.In.Close()
			return sandbox.Exit{}, fmt.Errorf("join the sandbox: %w", err)
		}
	}
	exit, err := hold.Attach(ctx, l, mode, t)
	err = l.fault(err)
	var told *over
	if errors.As(context.Cause(ctx), &told) {
		return told.exit, nil
	}
	switch {
	case ctx.Err() != nil:
		return sandbox.Exit{Ending: sandbox.Detached}, nil
	case exit.Ending == "" || exit.Ending == sandbox.Lost:
		b.opts.Log.Warn("lost the connection to a sandbox", "pod", x.name, "cause", err)
		why := x.whyGone(ctx, lost(1, "The connection to your sandbox was lost."))
		why.Epoch = exit.Epoch
		return why, nil
	case exit.Ending == sandbox.Stopped:
		exit = x.whyGone(ctx, exit)
	}
	if exit.Over() {
		b.ended(x.uid, exit)
	}
	return exit, nil
}

// verdictTime is how long the cluster may take to notice that a container has
// ended: the kubelet looks about once a second.
const verdictTime = 3 * time.Second

// whyGone asks the cluster what has become of a sandbox that is gone or that
// cannot be reached. Where the cluster sees nothing wrong it returns known.
func (x *box) whyGone(ctx context.Context, known sandbox.Exit) sandbox.Exit {
	if exit, over := x.backend.isOver(x.uid); over && exit.Ending != sandbox.Stopped {
		return exit
	}
	ctx, cancel := context.WithTimeout(ctx, verdictTime)
	defer cancel()
	var last *corev1.Pod
	verdict := known
	err := x.backend.follow(ctx, x.name, func(pod *corev1.Pod) (bool, error) {
		switch {
		case pod == nil || pod.UID != x.uid:
			if verdict = deleted(); last != nil {
				verdict = exitOf(last)
			}
			return true, nil
		case finished(pod), known.Ending == sandbox.Stopped && pod.DeletionTimestamp != nil:
			verdict = exitOf(pod)
			return true, nil
		}
		last = pod
		return false, nil
	})
	if err != nil {
		return known
	}
	return x.backend.ended(x.uid, verdict)
}
