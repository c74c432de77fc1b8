package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lectern/cmd/lectern/config"
	"lectern/gateway"
)

// TestNotReadyWithoutTheCluster: a gateway whose apiserver has gone can serve
// nobody, and the kubelet hears of it within seconds.
func TestNotReadyWithoutTheCluster(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "PodList", "apiVersion": "v1", "items": []any{}})
	}))
	defer api.Close()
	dir := t.TempDir()
	kubeconfig := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
clusters: [{name: c, cluster: {server: %q}}], users: [{name: u, user: {}}]}`, api.URL)
	c := config.Defaults()
	c.Sandbox.Backend, c.Sandbox.Kubernetes.Kubeconfig = config.BackendKubernetes, filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(c.Sandbox.Kubernetes.Kubeconfig, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	backend, err := newBackend(t.Context(), c, model{}, log)
	if err != nil {
		t.Fatal(err)
	}
	server, err := gateway.New(gateway.Options{HostKey: filepath.Join(dir, "host_key"), Backend: backend, Grace: time.Hour, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server.Health())
	defer front.Close()
	status := func() int {
		t.Helper()
		answer, err := http.Get(front.URL + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	if got := status(); got != http.StatusOK {
		t.Fatalf("/readyz answers %d while the apiserver is there", got)
	}
	api.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for status() != http.StatusServiceUnavailable {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("the apiserver has been gone for 10 s and the gateway is ready")
		}
	}
}
