package manifests_test

import (
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// restore is the Pod that puts a backup in the place of the database.
const restore = root + "/restore"

// TestRestoreMeetsTheGatewaysDatabase: the same file as the same user, by the
// same program, and nothing more.
func TestRestoreMeetsTheGatewaysDatabase(t *testing.T) {
	pod := only[*corev1.Pod](t, render(t, restore))
	if result := restricted(t, namespaceLabels(t, base, pod.Namespace), &pod.ObjectMeta, &pod.Spec); !result.Allowed {
		t.Errorf("Pod Security refuses it: %s", result.ForbiddenDetail())
	}
	objects := render(t, base)
	there := gatewayDeployment(t, objects).Spec.Template.Spec
	if pod.Namespace != own || !reflect.DeepEqual(pod.Spec.SecurityContext, there.SecurityContext) {
		t.Errorf("it runs in %s as %+v, the gateway as %+v", pod.Namespace, pod.Spec.SecurityContext, there.SecurityContext)
	}
	if pod.Spec.AutomountServiceAccountToken == nil || *pod.Spec.AutomountServiceAccountToken {
		t.Error("it gets a token of the apiserver")
	}
	container, gateway := pod.Spec.Containers[0], there.Containers[0]
	if container.Image != gateway.Image || !reflect.DeepEqual(container.SecurityContext, gateway.SecurityContext) {
		t.Errorf("it is of %s with %+v, the gateway of %s with %+v", container.Image, container.SecurityContext, gateway.Image, gateway.SecurityContext)
	}
	dir := settings(t, objects).DataDir
	if want := []string{"restore", "--data_dir", dir, "-"}; !slices.Equal(container.Args, want) {
		t.Errorf("it is told %q, want %q", container.Args, want)
	}
	if !container.Stdin || !container.StdinOnce || container.TTY {
		t.Error("it does not read what is sent to it to its end")
	}
	for _, mount := range container.VolumeMounts {
		if !strings.HasPrefix(dir, path.Clean(mount.MountPath)+"/") {
			continue
		}
		if ours, theirs := volume(pod.Spec, mount.MountPath), volume(there, mount.MountPath); !reflect.DeepEqual(ours, theirs) || ours.PersistentVolumeClaim == nil {
			t.Errorf("its data is %+v, the gateway's %+v", ours, theirs)
		}
		return
	}
	t.Errorf("nothing is mounted for %s", dir)
}
