//go:build e2e

package e2e

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lectern/progress"
)

// keepsake makes a backup of the gateway's database while that runs, and puts
// one back in which somebody else has finished a stage, as docs/backup.md says.
func (d *deployment) keepsake(t *testing.T, finished, other string) {
	file := filepath.Join(d.dir, "backup.db")
	d.backup(t, file)
	if report, err := progress.Check(file); err != nil || report.Records != 1 {
		t.Fatalf("the backup is %+v, %v", report, err)
	}
	store, err := progress.Open(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Complete(progress.Record{Login: other, Course: "ssh-from-the-inside", Stage: 1, CompletedAt: time.Now(), Evidence: progress.Admin})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	exported := kubectl(t, "exec", "-n", gatewayNamespace, "deployment/lectern-gateway", "--",
		"lectern", "progress", "export", "--config", "/etc/lectern/lectern.yaml", "--format", "csv")
	if !strings.Contains(exported, finished+",ssh-from-the-inside,1,") || strings.Contains(exported, other+",") {
		t.Errorf("the gateway exports\n%s", exported)
	}

	kubectl(t, "scale", "-n", gatewayNamespace, "deployment/lectern-gateway", "--replicas=0")
	kubectl(t, "wait", "-n", gatewayNamespace, "--for=delete", "pod", "-l", "app.kubernetes.io/name=lectern-gateway", "--timeout=60s")
	d.restore(t, file)
	kubectl(t, "scale", "-n", gatewayNamespace, "deployment/lectern-gateway", "--replicas=1")
	kubectl(t, "rollout", "status", "-n", gatewayNamespace, "deployment/lectern-gateway", "--timeout=120s")
	d.awaitPort(t)
	for _, login := range []string{finished, other} {
		if done := d.run(t, login, "progress", "--json"); !strings.Contains(done, `"stageNumber":1`) {
			t.Errorf("after the restore the progress of %s is %s", login, done)
		}
	}
}

// backup has the gateway's own program send the database here.
func (d *deployment) backup(t *testing.T, file string) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd := exec.CommandContext(t.Context(), "kubectl", "exec", "-n", gatewayNamespace, "deployment/lectern-gateway", "--",
		"lectern", "backup", "--config", "/etc/lectern/lectern.yaml", "-")
	cmd.Stdout, cmd.Stderr = out, &said
	if err := errors.Join(cmd.Run(), out.Close()); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	if !strings.Contains(said.String(), "finished stages: 1") {
		t.Errorf("the backup says %s", said.String())
	}
}

// restore sends a file to the Pod of manifests/restore.
func (d *deployment) restore(t *testing.T, file string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	const pod = "pod/lectern-restore"
	kubectl(t, "apply", "-k", "../../manifests/restore")
	defer kubectl(t, "delete", "-k", "../../manifests/restore", "--ignore-not-found", "--timeout=60s")
	kubectl(t, "wait", "-n", gatewayNamespace, "--for=condition=Ready", pod, "--timeout=60s")
	limit, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	attach := exec.CommandContext(limit, "kubectl", "attach", "-n", gatewayNamespace, "-i", pod)
	attach.Stdin = in
	if out, err := attach.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	kubectl(t, "wait", "-n", gatewayNamespace, "--for=jsonpath={.status.phase}=Succeeded", pod, "--timeout=60s")
	if said := kubectl(t, "logs", "-n", gatewayNamespace, pod); !strings.Contains(said, "finished stages: 2, learners: 2); the one before is kept as /data/lectern/lectern.db.before-restore-") {
		t.Errorf("the restore says %s", said)
	}
}
