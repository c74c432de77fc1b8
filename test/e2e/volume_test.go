//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"lectern/internal/lecterntest"
)

// folder is a volume on the node, opened for every user by a Pod, because
// hostPath takes no fsGroup.
const folder = `
apiVersion: v1
kind: PersistentVolume
metadata: {name: %[1]s}
spec:
  %[3]s
  capacity: {storage: 1Gi}
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
      command: [/bin/sh, -c, "rm -rf /volume/* /volume/.[!.]* && chmod 0777 /volume"]
      securityContext: {runAsUser: 0}
      volumeMounts: [{name: volume, mountPath: /volume}]
  volumes: [{name: volume, hostPath: {path: /var/lib/%[1]s, type: DirectoryOrCreate}}]
`

// openFolder makes such a volume for whoever the given line of its spec says.
func openFolder(t *testing.T, name, forWhom string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "folder.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, folder, name, lecterntest.SandboxImage(), forWhom), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "apply", "-f", file)
	t.Cleanup(func() { kubectl(t, "delete", "-f", file, "--ignore-not-found", "--wait=false") })
	kubectl(t, "wait", "-n", "kube-system", "pod/"+name, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
}
