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
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"lectern/course"
	"lectern/gateway"
	"lectern/gateway/auth"
	"lectern/internal/lecterntest"
	"lectern/progress"
	"lectern/sandbox/conformance"
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
	signers   map[string]ssh.Signer // by login
	image     string
}

// setUp is what a test may change.
type setUp struct {
	pods    *kube.Options
	gateway *gateway.Options
	// before runs in the namespace before there is a backend.
	before func(l *lab)
}

// learners have a key each.
var learners = []string{"ada", "bob", "cy", "dee", "eli", "fay", "gus", "hal"}

func newLab(t *testing.T, change func(*setUp)) *lab {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 100, 200
	l := &lab{config: config, client: kubernetes.NewForConfigOrDie(config), image: lecterntest.SandboxImage(), signers: make(map[string]ssh.Signer)}
	l.namespace = lecterntest.Namespace(t, l.client)
	l.pods = l.client.CoreV1().Pods(l.namespace)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	pods := kube.Options{
		Config: config, Namespace: l.namespace, Command: conformance.Command, Life: time.Hour, Start: time.Minute, Log: log,
		Pod: kube.PodOptions{
			Image: l.image, PullPolicy: corev1.PullIfNotPresent, Requests: amounts("20m", "64Mi"), Limits: amounts("2", "256Mi"),
			Storage: kube.Storage{Kind: kube.StorageNone, Size: resource.MustParse("64Mi")},
		},
	}
	var extra []auth.ExtraKey
	for _, login := range learners {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if l.signers[login], err = ssh.NewSignerFromKey(private); err != nil {
			t.Fatal(err)
		}
		extra = append(extra, auth.ExtraKey{Login: login, Key: l.signers[login].PublicKey()})
	}
	dir := t.TempDir()
	directory, err := auth.New(auth.Options{
		ExtraKeys: extra, CachePath: filepath.Join(dir, "keys.db"), Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	store, err := progress.Open(filepath.Join(dir, "lectern.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	courseDir := filepath.Join(dir, "course")
	if err := os.Mkdir(courseDir, 0o700); err != nil {
		t.Fatal(err)
	}
	stage := course.Stage{Number: 1, Title: "Only stage", Concepts: []course.Concept{{ID: "c", Title: "C"}}}
	door := gateway.Options{
		HostKey: filepath.Join(dir, "host_key"), SharedLogin: "lab", AdminLogin: "admin",
		HandshakeTimeout: 5 * time.Second, KeepAlive: time.Minute, Directory: directory,
		Courses:  course.NewCatalogue([]course.Course{{ID: "only", Title: "Only course", Dir: courseDir, Stages: []course.Stage{stage}}}),
		Progress: store, MaxSessions: 100, Grace: time.Hour, Log: log,
	}
	if change != nil {
		s := setUp{pods: &pods, gateway: &door}
		if change(&s); s.before != nil {
			s.before(l)
		}
	}
	if l.backend, err = kube.New(t.Context(), pods); err != nil {
		t.Fatal(err)
	}
	door.Backend = l.backend
	server, err := gateway.New(door)
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
		for _, login := range learners {
			l.kill(t, login)
		}
		l.nothingLeft(t)
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

// nothingLeft waits until no sandbox has a Pod.
func (l *lab) nothingLeft(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		pods, err := l.pods.List(context.Background(), metav1.ListOptions{})
		if err == nil && len(pods.Items) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("Pods are left: %v, %v", pods, err)
			return
		}
	}
}

// countPods watches the Pods until stop, which tells how many may have run at
// most at one time.
func (l *lab) countPods(t *testing.T) (stop func() (most int)) {
	t.Helper()
	w, err := l.pods.Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	counted := make(chan int)
	go func() {
		there, most := make(map[string]bool), 0
		for event := range w.ResultChan() {
			pod, ok := event.Object.(*corev1.Pod)
			if !ok {
				continue
			}
			// Of one that has finished only the record is left: like the
			// scheduler and quotas, a place counts what may run.
			if event.Type == watch.Deleted || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
				delete(there, pod.Name)
			} else {
				there[pod.Name] = true
			}
			most = max(most, len(there))
		}
		counted <- most
	}()
	return func() int {
		w.Stop()
		return <-counted
	}
}

// bindRole gives an account the gateway's Role, but for one resource.
func (l *lab) bindRole(t *testing.T, account, without string) {
	t.Helper()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "gateway"}}
	for resource, verbs := range map[string][]string{
		"pods": {"get", "list", "watch", "create", "delete", "patch"}, "pods/exec": {"get", "create"},
	} {
		if resource != without {
			role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{resource}, Verbs: verbs})
		}
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "gateway"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "gateway"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: account}},
	}
	rbac := l.client.RbacV1()
	if _, err := rbac.Roles(l.namespace).Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := rbac.RoleBindings(l.namespace).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
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
