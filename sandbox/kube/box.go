package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"lectern/sandbox"
	"lectern/sandbox/event"
	"lectern/sandbox/hold"
)

// box is one live sandbox.
type box struct {
	backend *Backend
	name    string
	uid     types.UID
	info    sandbox.Info // as the Pod told when we looked

	mu    sync.Mutex
	spare *link
}

func (b *Backend) box(pod *corev1.Pod) *box {
	return &box{backend: b, name: pod.Name, uid: pod.UID, info: b.infoOf(pod)}
}

// Made tells what the sandbox was made for.
func (x *box) Made() sandbox.Info {
	return sandbox.Info{
		Session: x.info.Session, Login: x.info.Login, CourseID: x.info.CourseID, Stage: x.info.Stage, AsksModel: x.info.AsksModel,
	}
}

// spareLife is how long the link that has brought the course is kept for the
// attach that follows: an exec takes a tenth of a second to start.
const spareLife = 10 * time.Second

func (x *box) keep(l *link) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.spare = l
	time.AfterFunc(spareLife, func() {
		if l := x.takeSpare(); l != nil {
			_ = l.Close()
		}
	})
}

func (x *box) takeSpare() *link {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.spare
	x.spare = nil
	return l
}

// answerLimit is how long a holder may take to answer, the start of an exec
// included; killLimit, how long to end its tutor.
const (
	answerLimit = 10 * time.Second
	killLimit   = 6 * time.Second
)

// errNotMine keeps an event pending for the one who records it.
var errNotMine = errors.New("only Watch records events")

// ask puts a question to the holder, over the connection of Watch where there
// is one.
func (x *box) ask(ctx context.Context, question func(context.Context, *hold.Supervisor) error) error {
	if _, over := x.backend.isOver(x.uid); over {
		return sandbox.ErrGone
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	x.backend.mu.Lock()
	watching := x.backend.watched[x.uid]
	x.backend.mu.Unlock()
	if watching != nil {
		if err := question(ctx, watching); !errors.Is(err, sandbox.ErrGone) {
			return err
		}
	}
	// The name may be another Pod's by now.
	pod, err := x.backend.get(ctx, x.name)
	if err != nil {
		return fmt.Errorf("look for the sandbox: %w", err)
	}
	if pod == nil || pod.UID != x.uid || finished(pod) {
		return sandbox.ErrGone
	}
	s, l, err := x.backend.supervise(ctx, x.name, hold.Hear{Completed: func(event.Message) error { return errNotMine }})
	if err != nil {
		return x.unreached(ctx, err)
	}
	defer s.Close()
	if err := question(ctx, s); err != nil {
		return l.fault(err)
	}
	return nil
}

// unreached is what it means that the holder could not be spoken to: it may have just
// ended, which the cluster notices later.
func (x *box) unreached(ctx context.Context, err error) error {
	var unavailable *sandbox.Unavailable
	if ctx.Err() != nil || errors.As(err, &unavailable) {
		return err
	}
	if exit := x.whyGone(ctx, sandbox.Exit{}); exit.Ending != "" {
		return fmt.Errorf("%w (%w)", sandbox.ErrGone, err)
	}
	return err
}

// supervise opens a connection to the holder as one that looks after it.
func (b *Backend) supervise(ctx context.Context, name string, hear hold.Hear) (*hold.Supervisor, *link, error) {
	l, err := b.connect(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	// A hello that cannot be sent must not wait for ever.
	stop := context.AfterFunc(ctx, func() { _ = l.Conn.Close() })
	defer stop()
	s, err := hold.Oversee(l, hear)
	if err != nil {
		return nil, nil, l.fault(err)
	}
	return s, l, nil
}

// Info asks the holder what is true now.
func (x *box) Info(ctx context.Context) (sandbox.Info, error) {
	info := x.info
	err := x.ask(ctx, func(ctx context.Context, s *hold.Supervisor) error {
		status, err := s.Status(ctx)
		if err != nil {
			return err
		}
		if x.backend.stopping(x.uid, status) {
			return sandbox.ErrGone
		}
		info = with(info, status)
		return nil
	})
	return info, err
}

// Kill ends the tutor, tells every terminal why, and removes the Pod.
func (x *box) Kill(ctx context.Context, reason string) error {
	reason = sandbox.Line(reason, sandbox.MaxLine) // as the holder tells it
	err := x.ask(ctx, func(ctx context.Context, s *hold.Supervisor) error {
		if err := s.Stop(ctx, reason); err != nil {
			return err
		}
		patience := time.NewTimer(killLimit)
		defer patience.Stop()
		select {
		case <-s.Done():
		case <-patience.C:
		case <-ctx.Done():
		}
		return nil
	})
	if err != nil && !errors.Is(err, sandbox.ErrGone) {
		x.backend.opts.Log.Warn("could not ask a sandbox to end; its Pod is deleted all the same", "pod", x.name, "error", err)
	}
	x.backend.ended(x.uid, sandbox.Exit{Ending: sandbox.Killed, Code: 1, Reason: reason})
	return x.backend.remove(ctx, x.name, x.uid)
}

// Reap ends the sandbox unless somebody has joined it since epoch. The holder
// decides; one that does not answer is deleted as it was last seen, and no
// other (Kubernetes API, Preconditions).
func (x *box) Reap(ctx context.Context, epoch int, reason string) error {
	err := x.ask(ctx, func(ctx context.Context, s *hold.Supervisor) error {
		status, err := s.Reap(ctx, epoch, reason)
		if err == nil && !x.backend.stopping(x.uid, status) {
			err = sandbox.ErrJoined
		}
		return err
	})
	if err == nil || errors.Is(err, sandbox.ErrGone) || errors.Is(err, sandbox.ErrJoined) || ctx.Err() != nil {
		return err
	}
	pod, getErr := x.backend.get(ctx, x.name)
	if getErr != nil || pod == nil || pod.UID != x.uid {
		return errors.Join(err, getErr)
	}
	if seen := x.backend.infoOf(pod); seen.Attached || seen.Epoch != epoch {
		return err
	}
	x.backend.opts.Log.Warn("a sandbox to be reaped does not answer; its Pod is deleted", "pod", x.name, "error", err)
	return x.backend.pods.Delete(ctx, x.name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &pod.UID, ResourceVersion: &pod.ResourceVersion},
	})
}

// Extend moves the end of the sandbox's life, up to the Pod's own deadline.
func (x *box) Extend(ctx context.Context, d time.Duration) error {
	pod, err := x.backend.get(ctx, x.name)
	if err != nil {
		return fmt.Errorf("look for the sandbox: %w", err)
	}
	if pod == nil || pod.UID != x.uid {
		return sandbox.ErrGone
	}
	if err := sandbox.CheckExtension(d, time.Until(x.backend.latestEnd(pod))); err != nil {
		return err
	}
	return x.ask(ctx, func(ctx context.Context, s *hold.Supervisor) error { return s.Extend(ctx, d) })
}

// Tell shows the learner one line.
func (x *box) Tell(ctx context.Context, text string) error {
	return x.ask(ctx, func(ctx context.Context, s *hold.Supervisor) error { return s.Tell(ctx, text) })
}

// annotate sets annotations of a Pod and of no other of its name.
func (b *Backend) annotate(ctx context.Context, name string, uid types.UID, annotations map[string]string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": uid, "annotations": annotations}})
	if err != nil {
		return err
	}
	_, err = b.pods.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return sandbox.ErrGone
	}
	return err
}
