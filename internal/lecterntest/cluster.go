//go:build e2e

package lecterntest

import (
	"context"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// SandboxImage is the image of the sandbox that the cluster under test has.
func SandboxImage() string {
	if named := os.Getenv("LECTERN_TEST_SANDBOX_IMAGE"); named != "" {
		return named
	}
	return "lectern-sandbox:latest"
}

// Namespace makes a namespace like that of the manifests, for the test's time,
// and returns its name.
func Namespace(t *testing.T, client kubernetes.Interface) string {
	t.Helper()
	made, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "lectern-test-",
		Labels:       map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := client.CoreV1().Namespaces().Delete(ctx, made.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	// Pods are refused until the namespace has its ServiceAccount.
	accounts, err := client.CoreV1().ServiceAccounts(made.Name).Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=default"})
	if err != nil {
		t.Fatal(err)
	}
	defer accounts.Stop()
	select {
	case <-accounts.ResultChan():
	case <-time.After(30 * time.Second):
		t.Fatal("the namespace has no ServiceAccount after 30 s")
	}
	return made.Name
}
