//go:build e2e

package kube

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
	"lectern/sandbox/conformance"
)

func clusterConfig(t *testing.T) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 100, 200
	return config
}

// namespace is a fresh one.
func namespace(t *testing.T, config *rest.Config) string {
	t.Helper()
	return lecterntest.Namespace(t, kubernetes.NewForConfigOrDie(config))
}

func options(t *testing.T, config *rest.Config, namespace string) Options {
	return Options{
		Config: config, Namespace: namespace, Command: conformance.Command,
		Life: time.Hour, Start: time.Minute,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Pod: PodOptions{
			Image: lecterntest.SandboxImage(), PullPolicy: corev1.PullIfNotPresent,
			Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("20m"), corev1.ResourceMemory: resource.MustParse("64Mi"),
			},
			Limits: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("256Mi"),
			},
			Storage: Storage{Kind: StorageNone, Size: resource.MustParse("64Mi")},
		},
	}
}

func open(t *testing.T, opts Options) *Backend {
	t.Helper()
	b, err := New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// clear removes every Pod, so that the next test finds none.
func clear(t *testing.T, b *Backend) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pods, err := b.list(ctx)
	if err != nil {
		t.Error(err)
	}
	for _, pod := range pods {
		if err := b.remove(ctx, pod.Name, pod.UID); err != nil {
			t.Error(err)
		}
	}
}

func TestConformance(t *testing.T) {
	config := clusterConfig(t)
	ns := namespace(t, config)
	conformance.Run(t, func(t *testing.T) (sandbox.Backend, func() sandbox.Backend) {
		opts := options(t, config, ns)
		b := open(t, opts)
		t.Cleanup(func() { clear(t, b) })
		return b, func() sandbox.Backend { return open(t, opts) }
	})
}

// TestDoublesEnd makes a Pod by other hands for a learner who has one.
func TestDoublesEnd(t *testing.T) {
	config := clusterConfig(t)
	b := open(t, options(t, config, namespace(t, config)))
	t.Cleanup(func() { clear(t, b) })
	spec := sandbox.Spec{
		Login: "ada", Session: "one", CourseID: "c", CourseTitle: "C", CourseDir: t.TempDir(), Stage: 1,
	}
	if _, err := b.Acquire(t.Context(), spec, func(sandbox.Phase) {}); err != nil {
		t.Fatal(err)
	}
	if err := b.annotate(t.Context(), sandbox.Name("ada"), must(b.get(t.Context(), sandbox.Name("ada"))).UID,
		map[string]string{annotationEpoch: "3"}); err != nil {
		t.Fatal(err)
	}
	double := b.pod(spec, way{})
	double.Name += "-double"
	if _, err := b.pods.Create(t.Context(), double, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- b.Watch(ctx, func(context.Context, sandbox.Change) error { return nil })
	}()
	err := b.follow(t.Context(), double.Name, func(pod *corev1.Pod) (bool, error) { return pod == nil, nil })
	if err != nil {
		t.Error(err)
	}
	if sb, ok, err := b.Find(t.Context(), "ada"); err != nil || !ok {
		t.Errorf("the one with the newest epoch is gone too: %v, %v, %v", sb, ok, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func must(pod *corev1.Pod, err error) *corev1.Pod {
	if err != nil {
		panic(err)
	}
	return pod
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	config := clusterConfig(t)
	opts := options(t, config, "lectern-nowhere")
	opts.Config = rest.CopyConfig(config)
	opts.Config.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:default:nobody"}
	if _, err := New(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "may not list Pods") {
		t.Errorf("without a Role: %v", err)
	}
	opts.Config = rest.CopyConfig(config)
	opts.Config.Host = "https://127.0.0.1:1"
	if _, err := New(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("without a cluster: %v", err)
	}
}
