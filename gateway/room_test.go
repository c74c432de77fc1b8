package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lectern/sandbox"
)

// crowd is a backend with many sandboxes, of which nothing but their names is
// there.
type crowd struct {
	sandbox.Backend
	infos []sandbox.Info
	lists atomic.Int32
}

func (c *crowd) List(context.Context) ([]sandbox.Info, error) {
	c.lists.Add(1)
	return c.infos, nil
}

func (c *crowd) Find(_ context.Context, login string) (sandbox.Sandbox, bool, error) {
	for _, info := range c.infos {
		if info.Login == login {
			return member{made: info}, true, nil
		}
	}
	return nil, false, nil
}

type member struct {
	sandbox.Sandbox
	made sandbox.Info
}

func (m member) Made() sandbox.Info                 { return m.made }
func (m member) Tell(context.Context, string) error { return nil }

// Each list asks the cluster for all of its Pods.
func TestMessageToAllListsThemOnce(t *testing.T) {
	c := &crowd{}
	for i := range 200 {
		c.infos = append(c.infos, sandbox.Info{Login: fmt.Sprint("learner", i), Session: fmt.Sprintf("%016x", i), Attached: true})
	}
	_, a := newAdminLab(t, func(o *Options) { c.Backend, o.Backend = o.Backend, c })
	before := c.lists.Load()
	told, all, err := a.messageAll(t.Context(), "hello")
	if told != 200 || all != 200 || err != nil {
		t.Errorf("%d of %d have it, %v", told, all, err)
	}
	if n := c.lists.Load() - before; n > 5 { // the lifecycle looks now and then
		t.Errorf("it took %d lists", n)
	}
}

// starting is a backend that lists a sandbox in the making, as that of Kubernetes
// does with Pods.
type starting struct {
	sandbox.Backend
	making chan sandbox.Info
	made   atomic.Pointer[sandbox.Info]
}

func (b *starting) Acquire(ctx context.Context, spec sandbox.Spec, report func(sandbox.Phase)) (sandbox.Sandbox, error) {
	report(sandbox.Phase{Kind: sandbox.Pulling})
	info := sandbox.Info{Login: spec.Login, Session: spec.Session, Started: time.Now()}
	b.made.Store(&info)
	b.making <- info
	<-ctx.Done()
	return nil, ctx.Err()
}

func (b *starting) List(context.Context) ([]sandbox.Info, error) {
	if info := b.made.Load(); info != nil {
		return []sandbox.Info{*info}, nil
	}
	return nil, nil
}

func (b *starting) Find(context.Context, string) (sandbox.Sandbox, bool, error) {
	return nil, false, nil
}

func TestSessionThatStarts(t *testing.T) {
	b := &starting{making: make(chan sandbox.Info)}
	l, a := newAdminLab(t, func(o *Options) { b.Backend, o.Backend = o.Backend, b })
	ctx, cancel := context.WithCancel(t.Context())
	acquired := make(chan error, 1)
	go func() {
		_, err := l.server.lifecycle.Acquire(ctx, sandbox.Spec{Login: "bob", Session: "0123456789abcdef", CourseID: "only", Stage: 1}, func(sandbox.Phase) {})
		acquired <- err
	}()
	defer func() { <-acquired }()
	defer cancel()
	session := (<-b.making).Session

	views, err := l.server.room(t.Context())
	if err != nil || len(views) != 1 {
		t.Fatalf("the room has %+v, %v", views, err)
	}
	if v := views[0]; v.State != stateStarting || !strings.Contains(v.Phase, "image") {
		t.Errorf("one that starts is %s, in the phase %q", v.State, v.Phase)
	}
	for _, name := range []string{"bob", session} {
		if _, err := a.find(t.Context(), name); err == nil || !strings.Contains(err.Error(), "being started") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := a.kill(t.Context(), session, ""); err == nil || errors.Is(err, errEnded) {
		t.Errorf("ending what has not begun: %v", err)
	}
}

func (m member) Info(context.Context) (sandbox.Info, error) {
	return sandbox.Info{Expires: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, nil
}

func (m member) Extend(_ context.Context, d time.Duration) error {
	return sandbox.CheckExtension(d, time.Hour)
}

// One that has been tampered with says that it lasts for ages.
func TestExtendWhatLastsForAges(t *testing.T) {
	c := &crowd{infos: []sandbox.Info{{Login: "bob", Session: "0123456789abcdef", Attached: true}}}
	_, a := newAdminLab(t, func(o *Options) { c.Backend, o.Backend = o.Backend, c })
	if _, err := a.extend(t.Context(), "0123456789abcdef", time.Hour); err == nil || !strings.Contains(err.Error(), "can last 1 hour from now at most") {
		t.Errorf("extended: %v", err)
	}
}
