//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
	"lectern/sandbox/kube"
)

// folder is a volume of the node, opened for the sandboxes' user by a Pod,
// because hostPath takes no fsGroup.
const folder = `
apiVersion: v1
kind: PersistentVolume
metadata: {name: %[1]s}
spec:
  storageClassName: %[1]s
  capacity: {storage: 64Mi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  hostPath: {path: /var/lib/%[1]s, type: DirectoryOrCreate}
---
apiVersion: v1
kind: Pod
metadata: {name: %[1]s, namespace: kube-system}
spec:
  restartPolicy: Never
  containers:
    - name: open
      image: %[2]s
      imagePullPolicy: IfNotPresent
      command: [/bin/sh, -c, "rm -rf /volume/* && chmod 0777 /volume"]
      securityContext: {runAsUser: 0}
      volumeMounts: [{name: volume, mountPath: /volume}]
  volumes: [{name: volume, hostPath: {path: /var/lib/%[1]s, type: DirectoryOrCreate}}]
`

func openFolder(t *testing.T, name string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "folder.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, folder, name, lecterntest.SandboxImage()), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "apply", "-f", file)
	t.Cleanup(func() { kubectl(t, "delete", "-f", file, "--ignore-not-found", "--wait=false") })
	kubectl(t, "wait", "-n", "kube-system", "pod/"+name, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
}

// TestHomesAreKept comes back to the home of an earlier sandbox, or not, as
// the kind of storage says.
func TestHomesAreKept(t *testing.T) {
	for _, test := range []struct {
		kind   kube.StorageKind
		change func(l *lab, s *setUp)
		want   string
	}{
		{kube.StorageNone, func(*lab, *setUp) {}, ""},
		{kube.StoragePVC, func(_ *lab, s *setUp) {
			openFolder(t, "lectern-e2e-claims")
			s.pods.Pod.Storage.Class = "lectern-e2e-claims"
		}, "kept"},
		{kube.StorageHostPath, func(l *lab, s *setUp) {
			openFolder(t, "lectern-e2e-homes")
			l.allowHostPaths(t)
			s.pods.Pod.Storage.Path = "/var/lib/lectern-e2e-homes"
		}, "kept"},
	} {
		t.Run(string(test.kind), func(t *testing.T) {
			l := newLab(t, func(s *setUp) {
				s.pods.Pod.Storage = kube.Storage{Kind: test.kind, Size: resource.MustParse("64Mi")}
				s.before = func(l *lab) { test.change(l, s) }
			})
			home := func(command string) string {
				v := l.start(t)
				v.expect(t, "hello from")
				var out bytes.Buffer
				l.exec(t.Context(), t, sandbox.Name("ada"), nil, &out, "/bin/sh", "-c", command)
				v.typed(t, "exit 0\r")
				v.expect(t, "Only course") // the picker
				v.typed(t, "q")
				v.ended(t)
				return out.String()
			}
			home("echo -n kept >/home/lab/note")
			if got := home("cat /home/lab/note 2>/dev/null || true"); got != test.want {
				t.Errorf("the note says %q, want %q", got, test.want)
			}
		})
	}
}
