package kube

import (
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/sandbox"
)

func TestWayToModel(t *testing.T) {
	for _, test := range []struct {
		url   string
		alias string // the host's name, where the Pod needs one
		fails bool
	}{
		{url: "http://10.96.0.12:8787"},
		{url: "http://[fd00::12]:8787"},
		{url: "http://localhost:8787", alias: "localhost"},
		{url: "http://no-such-proxy.invalid:8787", fails: true},
		{url: "http://:8787", fails: true},
		{url: "http://[", fails: true},
	} {
		t.Run(test.url, func(t *testing.T) {
			b := &Backend{opts: Options{Model: &Model{URL: test.url}}}
			w, err := b.wayToModel(t.Context())
			if test.fails {
				var unavailable *sandbox.Unavailable
				if !errors.As(err, &unavailable) || unavailable.Full {
					t.Errorf("the learner is told %v", err)
				}
				return
			}
			if err != nil || w.url != test.url {
				t.Fatalf("the way is %+v, %v", w, err)
			}
			var names []string
			for _, alias := range w.aliases {
				names = append(names, alias.Hostnames...)
			}
			if test.alias == "" && len(names) > 0 || test.alias != "" && !slices.Equal(names, []string{test.alias}) {
				t.Errorf("the Pod gets the names %q", names)
			}
		})
	}
	w, err := (&Backend{}).wayToModel(t.Context())
	if err != nil || w.url != "" {
		t.Errorf("without a model there is the way %+v, %v", w, err)
	}
}

// A Pod says of itself whether its tutor asks a model, whatever the settings are by
// now.
func TestPodTellsWhetherItAsksAModel(t *testing.T) {
	for url, asks := range map[string]bool{"": false, "http://10.0.0.1:8787": true} {
		b := &Backend{opts: Options{Model: &Model{}}}
		pod := b.pod(sandbox.Spec{Login: "ada"}, way{url: url})
		b.opts.Model = nil
		if got := b.infoOf(pod).AsksModel; got != asks {
			t.Errorf("with the way %q: %v", url, got)
		}
	}
}

func TestCredentialIsThePods(t *testing.T) {
	var bearer sandbox.Bearer
	sign := func(b sandbox.Bearer) (string, error) {
		bearer = b
		return "signed", nil
	}
	b := &Backend{opts: Options{Life: 2 * time.Hour, Model: &Model{Sign: sign}}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: sandbox.Name("ada"), Labels: map[string]string{labelSession: "s"},
		Annotations: map[string]string{annotationLogin: "ada", annotationCourse: "ssh", annotationStage: "3"},
	}}
	if got, err := b.credential(pod); err == nil {
		t.Errorf("a Pod without an address gets %q", got)
	}
	pod.Status.PodIP = "::ffff:10.1.2.3"
	before := time.Now()
	got, err := b.credential(pod)
	if err != nil || !slices.Equal(got, []string{"ANTHROPIC_AUTH_TOKEN=signed"}) {
		t.Fatalf("the tutor gets %q, %v", got, err)
	}
	life := bearer.Expires.Sub(before)
	bearer.Expires = time.Time{}
	want := sandbox.Bearer{Login: "ada", Session: "s", Name: sandbox.Name("ada"), Address: "10.1.2.3", CourseID: "ssh", Stage: 3}
	if bearer != want {
		t.Errorf("signed for %+v, not %+v", bearer, want)
	}
	if most := time.Duration(*b.pod(sandbox.Spec{}, way{}).Spec.ActiveDeadlineSeconds) * time.Second; life < most || life > most+time.Minute {
		t.Errorf("good for %s; the Pod may live for %s", life, most)
	}
	b.opts.Model = nil
	if got, err := b.credential(pod); err != nil || len(got) > 0 {
		t.Errorf("without a model the tutor gets %q, %v", got, err)
	}
}
