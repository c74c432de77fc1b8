//go:build e2e

package e2e

import (
	"bytes"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"lectern/sandbox"
	"lectern/sandbox/kube"
)

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
			openFolder(t, "lectern-e2e-claims", "storageClassName: lectern-e2e-claims")
			s.pods.Pod.Storage.Class = "lectern-e2e-claims"
		}, "kept"},
		{kube.StorageHostPath, func(l *lab, s *setUp) {
			openFolder(t, "lectern-e2e-homes", "storageClassName: lectern-e2e-homes")
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
