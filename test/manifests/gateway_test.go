package manifests_test

import (
	"net"
	"path"
	"reflect"
	"strconv"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// deployment returns a Deployment by name.
func deployment(t *testing.T, objects []runtime.Object, name string) *appsv1.Deployment {
	t.Helper()
	for _, found := range all[*appsv1.Deployment](objects) {
		if found.Name == name {
			return found
		}
	}
	t.Fatalf("there is no Deployment %s", name)
	return nil
}

func gatewayDeployment(t *testing.T, objects []runtime.Object) *appsv1.Deployment {
	t.Helper()
	return deployment(t, objects, gateway)
}

// configMap returns a ConfigMap by name.
func configMap(t *testing.T, objects []runtime.Object, name string) *corev1.ConfigMap {
	t.Helper()
	for _, found := range all[*corev1.ConfigMap](objects) {
		if found.Name == name {
			return found
		}
	}
	t.Fatalf("there is no ConfigMap %s", name)
	return nil
}

func TestGatewayStartsWithItsSettings(t *testing.T) {
	type home struct{ kind, path string }
	homes := map[string]home{
		base: {kind: "none"}, otherImage: {kind: "none"}, claude: {kind: "none"}, doctor: {kind: "none"}, pvc: {kind: "pvc"}, classroom: {kind: "pvc"},
		monitoring: {kind: "none"}, monitoringClaude: {kind: "none"}, ingress: {kind: "none"},
		hostPath: {kind: "hostPath", path: "/var/lib/lectern/homes"},
	}
	for _, dir := range everything {
		objects := render(t, dir)
		c := settings(t, objects).Sandbox
		if c.Backend != "kubernetes" || c.Kubernetes.Namespace != sandboxes {
			t.Errorf("%s: sandboxes run on %s in %s", dir, c.Backend, c.Kubernetes.Namespace)
		}
		if got := (home{c.Kubernetes.Storage.Kind, c.Kubernetes.Storage.Path}); got != homes[dir] {
			t.Errorf("%s: homes are kept in %+v, want %+v", dir, got, homes[dir])
		}
	}
}

// The folder with the settings holds whatever else the ConfigMap has, so that
// keys need no change of the Deployment.
func TestAuthorizedKeysLieBesideTheSettings(t *testing.T) {
	objects := render(t, classroom)
	mountedFile(t, objects, gatewayDeployment(t, objects).Spec.Template.Spec, settings(t, objects).Auth.AuthorizedKeys)
}

func TestGatewayListensWhereThePodSaysSo(t *testing.T) {
	objects := render(t, base)
	c := settings(t, objects)
	want := map[string]string{"ssh": c.SSH.Listen, "http": c.Web.Listen, "metrics": c.Metrics.Listen}
	got := map[string]string{}
	container := gatewayDeployment(t, objects).Spec.Template.Spec.Containers[0]
	for _, port := range container.Ports {
		got[port.Name] = net.JoinHostPort("", strconv.Itoa(int(port.ContainerPort)))
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the Pod's ports are %v, the settings' %v", got, want)
	}
	for page, probes := range map[string][]*corev1.Probe{
		"/healthz": {container.StartupProbe, container.LivenessProbe}, "/readyz": {container.ReadinessProbe},
	} {
		for _, probe := range probes {
			if probe == nil || probe.HTTPGet.Path != page || probe.HTTPGet.Port.StrVal != "metrics" {
				t.Errorf("a probe is %+v, want GET %s of the port metrics", probe, page)
			}
		}
	}
}

// Whoever ends is not killed before everybody was told and everything is written.
// Of how long that takes at the most, the programs have the limits.
func TestTimeToEnd(t *testing.T) {
	objects := render(t, claude)
	for name, longest := range map[string]int64{
		gateway: 8 + 10 + 2 + 5, // sessions, those of the page, the count of sandboxes, recordings
		proxy:   15 + 5,         // answers, reports
	} {
		if grace := *deployment(t, objects, name).Spec.Template.Spec.TerminationGracePeriodSeconds; grace < longest+10 {
			t.Errorf("%s has %d s to end, and may take %d", name, grace, longest)
		}
	}
}

// What must outlive the Pod is on the claim; the root is read-only, so that
// the gateway could not start with any of it elsewhere. It is below the top of
// the claim: that belongs to root, and the gateway would fail to close it.
func TestGatewayKeepsItsDataOnTheClaim(t *testing.T) {
	objects := render(t, base)
	deployment := gatewayDeployment(t, objects)
	c := settings(t, objects)
	claim := only[*corev1.PersistentVolumeClaim](t, objects)
	data := volume(deployment.Spec.Template.Spec, path.Dir(c.DataDir))
	if data == nil || data.PersistentVolumeClaim == nil || data.PersistentVolumeClaim.ClaimName != claim.Name {
		t.Errorf("%s is in %+v, want it in the claim %s", c.DataDir, data, claim.Name)
	}
	if path.Dir(c.SSH.HostKey) != c.DataDir {
		t.Errorf("the host key is %s; want it in %s, so that learners' ssh knows the server again", c.SSH.HostKey, c.DataDir)
	}
	if *deployment.Spec.Replicas != 1 || deployment.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
		t.Errorf("%d replicas by %s; two gateways would wait for each other's lock of the database",
			*deployment.Spec.Replicas, deployment.Spec.Strategy.Type)
	}
}
