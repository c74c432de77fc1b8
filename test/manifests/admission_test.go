package manifests_test

import (
	"slices"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	gatewayUser = "system:serviceaccount:lectern:lectern-gateway"
	image       = "lectern-sandbox:latest"
	homes       = "/var/lib/lectern/homes"
)

// sandboxPod returns a Pod as the gateway makes them, with the defaults that
// the apiserver has filled in before a policy sees it.
func sandboxPod() *corev1.Pod {
	no, yes := false, true
	user, deadline := int64(1000), int64(7200)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "lectern-ada", Namespace: sandboxes,
			Labels: map[string]string{nameLabel: "lectern-sandbox"},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName:           "default",
			DeprecatedServiceAccount:     "default",
			AutomountServiceAccountToken: &no,
			EnableServiceLinks:           &no,
			RestartPolicy:                corev1.RestartPolicyNever,
			ActiveDeadlineSeconds:        &deadline,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, FSGroup: &user,
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "sandbox", Image: image,
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
				VolumeMounts: []corev1.VolumeMount{{Name: "home", MountPath: "/home/lab"}},
			}},
			Volumes: []corev1.Volume{{
				Name: "home", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
			}},
		},
	}
}

// home makes the volume of the home another one.
func home(source corev1.VolumeSource) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.Volumes[0].VolumeSource = source }
}

func claim() func(*corev1.Pod) {
	return home(corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "ada"}})
}

func folder(path string) func(*corev1.Pod) {
	return home(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}})
}

func TestPolicyOnNewPods(t *testing.T) {
	const (
		wrongImage   = "every container of a sandbox must be of the image " + image
		wrongVolumes = "the volumes of a sandbox must be of kind emptyDir, or what the storage kind "
		wrongToken   = "a sandbox must not get the token of an account; set automountServiceAccountToken to false"
	)
	yes := true
	tests := []struct {
		name   string
		dir    string // base where empty
		change func(*corev1.Pod)
		want   []string // the reasons; none where it is admitted
	}{
		{name: "a sandbox", change: func(*corev1.Pod) {}},
		{name: "with a first container of the same image", change: func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{{Name: "copy", Image: image}}
		}},
		{name: "without volumes", change: func(p *corev1.Pod) { p.Spec.Volumes = nil }},
		{name: "with a runtime class, a pull secret, a node selector and tolerations", change: func(p *corev1.Pod) {
			class := "gvisor"
			p.Spec.RuntimeClassName = &class
			p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "registry"}}
			p.Spec.NodeSelector = map[string]string{"lab": "yes"}
			p.Spec.Tolerations = []corev1.Toleration{{Key: "lab", Operator: corev1.TolerationOpExists}}
		}},
		{name: "of another image", want: []string{wrongImage}, change: func(p *corev1.Pod) {
			p.Spec.Containers[0].Image = "lectern-sandbox:latest-not"
		}},
		{name: "with a second container of another image", want: []string{wrongImage}, change: func(p *corev1.Pod) {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "other", Image: "busybox"})
		}},
		{name: "with a first container of another image", want: []string{wrongImage}, change: func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{{Name: "other", Image: "busybox"}}
		}},
		{name: "on a node of its choice", change: func(p *corev1.Pod) { p.Spec.NodeName = "control-plane" },
			want: []string{"the scheduler chooses the node of a sandbox; nodeName must not be set"}},
		{name: "in the network of the host", change: func(p *corev1.Pod) { p.Spec.HostNetwork = true },
			want: []string{"a sandbox must not use the network of the host (hostNetwork)"}},
		{name: "among the processes of the host", change: func(p *corev1.Pod) { p.Spec.HostPID = true },
			want: []string{"a sandbox must not see the processes of the host (hostPID)"}},
		{name: "in the shared memory of the host", change: func(p *corev1.Pod) { p.Spec.HostIPC = true },
			want: []string{"a sandbox must not share memory with the host (hostIPC)"}},
		{name: "on a port of the host", want: []string{"a sandbox must not listen on a port of the host (hostPort)"},
			change: func(p *corev1.Pod) {
				p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8080, HostPort: 8080}}
			}},
		{name: "privileged", want: []string{"a sandbox must not be privileged"}, change: func(p *corev1.Pod) {
			p.Spec.Containers[0].SecurityContext.Privileged = &yes
		}},
		{name: "with a privileged first container", want: []string{"a sandbox must not be privileged"}, change: func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{{
				Name: "copy", Image: image, SecurityContext: &corev1.SecurityContext{Privileged: &yes},
			}}
		}},
		{name: "with a capability", want: []string{"a sandbox must not add capabilities"}, change: func(p *corev1.Pod) {
			p.Spec.Containers[0].SecurityContext.Capabilities.Add = []corev1.Capability{"NET_ADMIN"}
		}},
		{name: "with a token", want: []string{wrongToken}, change: func(p *corev1.Pod) {
			p.Spec.AutomountServiceAccountToken = &yes
		}},
		{name: "silent about its token", want: []string{wrongToken}, change: func(p *corev1.Pod) {
			p.Spec.AutomountServiceAccountToken = nil
		}},
		{name: "with a token that it mounts itself", want: []string{wrongVolumes + "none needs"},
			change: home(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}},
			}}})},
		{name: "as another account", want: []string{"a sandbox must run as the account default, which has no rights"},
			change: func(p *corev1.Pod) { p.Spec.ServiceAccountName = "builder" }},
		{name: "with a priority class of the system", want: []string{"a sandbox must not have a priority class of the system"},
			change: func(p *corev1.Pod) { p.Spec.PriorityClassName = "system-node-critical" }},
		{name: "with an ephemeral container", want: []string{"a sandbox must not have ephemeral containers"},
			change: func(p *corev1.Pod) {
				p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{
					EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: image},
				}}
			}},
		{name: "with a Secret", want: []string{wrongVolumes + "none needs"},
			change: home(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "key"}})},
		{name: "with a claim", want: []string{wrongVolumes + "none needs"}, change: claim()},
		{name: "with a folder of the node", want: []string{wrongVolumes + "none needs"}, change: folder("/")},
		{name: "with the homes' folder, where that is not chosen", want: []string{wrongVolumes + "none needs"}, change: folder(homes)},

		{name: "with a claim, where homes are claims", dir: pvc, change: claim()},
		{name: "with a folder of the node, where homes are claims", dir: pvc, want: []string{wrongVolumes + "pvc needs"}, change: folder(homes)},

		{name: "with the homes' folder, where that is chosen", dir: hostPath, change: folder(homes)},
		{name: "with a home in that folder", dir: hostPath, change: folder(homes + "/ada")},
		{name: "with its neighbour", dir: hostPath, want: []string{wrongVolumes + "hostPath needs"}, change: folder(homes + "-else")},
		{name: "with the root of the node", dir: hostPath, want: []string{wrongVolumes + "hostPath needs"}, change: folder("/")},
		{name: "with a claim, where homes are folders", dir: hostPath, want: []string{wrongVolumes + "hostPath needs"}, change: claim()},
		{name: "privileged, where Pod Security is loosened", dir: hostPath, want: []string{"a sandbox must not be privileged"},
			change: func(p *corev1.Pod) { p.Spec.Containers[0].SecurityContext.Privileged = &yes }},
	}
	judges := map[string]*judge{}
	for _, dir := range everything {
		judges[dir] = newJudge(t, dir)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := test.dir
			if dir == "" {
				dir = base
			}
			pod := sandboxPod()
			test.change(pod)
			got := judges[dir].reasons(t.Context(), t, request{user: gatewayUser, namespace: sandboxes, pod: pod})
			if !slices.Equal(got, test.want) {
				t.Errorf("refused for %q, want %q", got, test.want)
			}
		})
	}
}

// Without a folder in the settings every path would begin like it.
func TestPolicyAdmitsNoFolderWhereNoneIsNamed(t *testing.T) {
	policy := only[*admissionregistrationv1.ValidatingAdmissionPolicy](t, render(t, hostPath))
	for _, named := range []string{"", "/"} {
		policyVariable(t, policy, "storagePath").Expression = "'" + named + "'"
		pod := sandboxPod()
		folder("/etc")(pod)
		if len(judgeBy(t, policy).reasons(t.Context(), t, request{user: gatewayUser, namespace: sandboxes, pod: pod})) == 0 {
			t.Errorf("a folder of the node is admitted with storage-path %q", named)
		}
	}
}

func TestPolicyIsForTheGatewayWhereverItGoes(t *testing.T) {
	j := newJudge(t, base)
	elsewhere := request{user: gatewayUser, namespace: own, pod: sandboxPod()}
	want := []string{"the gateway may run Pods in the namespace lectern-sandboxes only"}
	if got := j.reasons(t.Context(), t, elsewhere); !slices.Equal(got, want) {
		t.Errorf("a Pod of the gateway in its own namespace: refused for %q, want %q", got, want)
	}
	operator := request{user: "operator", namespace: sandboxes, pod: sandboxPod()}
	operator.pod.Spec.Containers[0].Image = "busybox"
	if got := j.reasons(t.Context(), t, operator); got != nil {
		t.Errorf("a Pod of somebody else is refused for %q", got)
	}
	pod := schema.GroupResource{Resource: "pods"}
	debug := schema.GroupResource{Resource: "pods/ephemeralcontainers"}
	if !j.covers(admissionregistrationv1.Create, pod) || !j.covers(admissionregistrationv1.Update, pod) ||
		!j.covers(admissionregistrationv1.Update, debug) {
		t.Errorf("the policy looks only at %+v", j.policy.Spec.MatchConstraints.ResourceRules)
	}
}

// A sandbox lives on while the cluster gets a new image or another storage,
// and the gateway goes on writing into its annotations.
func TestPolicyOnPodsThatRun(t *testing.T) {
	j := newJudge(t, base)
	running := sandboxPod()
	running.Spec.NodeName = "node"
	running.Spec.Containers[0].Image = "lectern-sandbox:older"
	claim()(running)

	annotated := running.DeepCopy()
	annotated.Annotations = map[string]string{"lectern/epoch": "2"}
	if got := j.reasons(t.Context(), t, request{user: gatewayUser, namespace: sandboxes, pod: annotated, old: running}); got != nil {
		t.Errorf("an annotation is refused for %q", got)
	}

	other := running.DeepCopy()
	other.Spec.Containers[0].Image = "busybox"
	want := []string{"the image of a sandbox must not change while it runs"}
	if got := j.reasons(t.Context(), t, request{user: gatewayUser, namespace: sandboxes, pod: other, old: running}); !slices.Equal(got, want) {
		t.Errorf("another image: refused for %q, want %q", got, want)
	}

	debugged := running.DeepCopy()
	debugged.Spec.EphemeralContainers = []corev1.EphemeralContainer{{
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "busybox"},
	}}
	want = []string{"a sandbox must not have ephemeral containers"}
	if got := j.reasons(t.Context(), t, request{
		user: gatewayUser, namespace: sandboxes, subresource: "ephemeralcontainers", pod: debugged, old: running,
	}); !slices.Equal(got, want) {
		t.Errorf("an ephemeral container: refused for %q, want %q", got, want)
	}
}

func TestPolicyDeniesWhereItCannotJudge(t *testing.T) {
	objects := render(t, base)
	policy := only[*admissionregistrationv1.ValidatingAdmissionPolicy](t, objects)
	if policy.Spec.FailurePolicy == nil || *policy.Spec.FailurePolicy != admissionregistrationv1.Fail {
		t.Error("an error in the policy admits; set failurePolicy to Fail")
	}
	binding := only[*admissionregistrationv1.ValidatingAdmissionPolicyBinding](t, objects)
	// An apiserver can lose the parameters of a policy that is applied again, and then denies whatever there is.
	if policy.Spec.ParamKind != nil || binding.Spec.ParamRef != nil {
		t.Error("the policy has parameters; components/sandbox-settings writes into it what it must know")
	}
	if !slices.Contains(binding.Spec.ValidationActions, admissionregistrationv1.Deny) {
		t.Errorf("the binding only does %v; want Deny among it", binding.Spec.ValidationActions)
	}
}
