package kube

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// apiserver answers lists of Pods, as long as it does not hang.
type apiserver struct {
	*httptest.Server
	lists   atomic.Int64
	hanging chan struct{} // closed: it hangs
}

func newAPIServer(t *testing.T) *apiserver {
	a := &apiserver{hanging: make(chan struct{})}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/api/v1/namespaces/lab/pods" || r.URL.Query().Has("resourceVersion") {
			t.Errorf("the apiserver is asked %s %s", r.Method, r.URL)
		}
		select {
		case <-a.hanging:
			<-r.Context().Done()
			return
		default:
		}
		a.lists.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(corev1.PodList{
			TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"},
			Items:    []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{labelSession: "s"}}}},
		})
	}))
	t.Cleanup(a.Close)
	return a
}

// TestListAsksTheCluster: readiness lives on it that no answer comes out of what
// is remembered, and that a cluster which is gone is noticed in time.
func TestListAsksTheCluster(t *testing.T) {
	api := newAPIServer(t)
	b, err := New(t.Context(), Options{Config: &rest.Config{Host: api.URL}, Namespace: "lab", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if infos, err := b.List(t.Context()); err != nil || len(infos) != 1 || infos[0].Session != "s" {
			t.Fatalf("the cluster has %v, %v", infos, err)
		}
	}
	if n := api.lists.Load(); n != 4 { // one for New
		t.Errorf("the cluster was asked %d times, want 4", n)
	}

	close(api.hanging)
	patience, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := b.List(patience); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("a cluster that hangs: %v after %s", err, time.Since(began))
	}

	api.CloseClientConnections()
	api.Listener.Close()
	patience, cancel = context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if infos, err := b.List(patience); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a cluster that is gone: %v, %v", infos, err)
	}
}
