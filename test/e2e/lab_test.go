//go:build e2e

// Package e2e walks through Lectern on a real Kubernetes: the one that
// test/cluster brings up, or the one of KUBECONFIG.
package e2e

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"lectern/course"
	"lectern/gateway"
	"lectern/gateway/auth"
	"lectern/internal/lecterntest"
	"lectern/progress"
	"lectern/sandbox/kube"
)

// lab is a gateway in this process whose sandboxes are Pods that run a command
// of the test instead of a tutor.
type lab struct {
	config    *rest.Config
	client    kubernetes.Interface
	namespace string
	pods      typedcorev1.PodInterface
	backend   *kube.Backend
	address   string
	signer    ssh.Signer
	image     string
}

func newLab(t *testing.T, command []string) *lab {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 100, 200
	l := &lab{config: config, client: kubernetes.NewForConfigOrDie(config), image: lecterntest.SandboxImage()}
	l.namespace = lecterntest.Namespace(t, l.client)
	l.pods = l.client.CoreV1().Pods(l.namespace)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	l.backend, err = kube.New(t.Context(), kube.Options{
		Config: config, Namespace: l.namespace, Command: command, Life: time.Hour, Start: time.Minute, Log: log,
		Pod: kube.PodOptions{
			Image: l.image, PullPolicy: corev1.PullIfNotPresent, Requests: amounts("20m", "64Mi"), Limits: amounts("2", "256Mi"),
			Storage: kube.Storage{Kind: kube.StorageNone, Size: resource.MustParse("64Mi")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if l.signer, err = ssh.NewSignerFromKey(private); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	directory, err := auth.New(auth.Options{
		ExtraKeys: []auth.ExtraKey{{Login: "ada", Key: l.signer.PublicKey()}}, CachePath: filepath.Join(dir, "keys.db"), Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	store, err := progress.Open(filepath.Join(dir, "lectern.db"))
	if err != nil {
		t.Fatal(err)
	}
	courseDir := filepath.Join(dir, "course")
	if err := os.Mkdir(courseDir, 0o700); err != nil {
		t.Fatal(err)
	}
	stage := course.Stage{Number: 1, Title: "Only stage", Concepts: []course.Concept{{ID: "c", Title: "C"}}}
	server, err := gateway.New(gateway.Options{
		HostKey: filepath.Join(dir, "host_key"), SharedLogin: "lab", AdminLogin: "admin",
		HandshakeTimeout: 5 * time.Second, KeepAlive: time.Minute, Directory: directory,
		Courses:  course.NewCatalogue([]course.Course{{ID: "only", Title: "Only course", Dir: courseDir, Stages: []course.Stage{stage}}}),
		Progress: store, Backend: l.backend, MaxSessions: 100, Grace: time.Hour, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.address = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		l.kill(t)
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if err := directory.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func amounts(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

// barePod is a Pod like a sandbox's, made by hand.
func (l *lab) barePod() *corev1.Pod {
	no, yes, user, grace := false, true, int64(1000), int64(0)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "bare"},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: &no, EnableServiceLinks: &no,
			TerminationGracePeriodSeconds: &grace,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsUser: &user, RunAsNonRoot: &yes, FSGroup: &user,
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "sandbox", Image: l.image, ImagePullPolicy: corev1.PullIfNotPresent,
				Command:   []string{"/bin/sleep", "3600"},
				Resources: corev1.ResourceRequirements{Requests: amounts("20m", "64Mi"), Limits: amounts("2", "256Mi")},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}

// remove deletes a Pod and waits until it is gone.
func (l *lab) remove(t *testing.T, name string) {
	t.Helper()
	w, err := l.pods.Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	if err := l.pods.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for event := range w.ResultChan() {
		if event.Type == "DELETED" {
			return
		}
	}
}
