package kube

import (
	"path"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/sandbox"
	"lectern/sandbox/claude"
)

// What a Pod says about itself.
const (
	labelName    = "app.kubernetes.io/name"
	labelOf      = "lectern-sandbox"
	labelUser    = "lectern/user"    // sandbox.Name of the login: a login may be no label value
	labelSession = "lectern/session" // sandbox.Spec.Session
	labelProbe   = "lectern/probe"   // of the Pods of a Prober, which are no learner's
	selector     = labelName + "=" + labelOf + ",!" + labelProbe

	annotationLogin  = "lectern/login"
	annotationCourse = "lectern/course"
	annotationStage  = "lectern/stage"
	// Copies of what the holder knows.
	annotationAttached   = "lectern/attached"
	annotationDetachedAt = "lectern/detached-at"
	annotationEpoch      = "lectern/epoch"
	annotationExpires    = "lectern/expires"
	// annotationReady is set once the course is in the Pod.
	annotationReady = "lectern/ready"
)

// Places in a sandbox.
const (
	container  = "sandbox"
	home       = "/home/lab"
	papers     = home + "/papers"
	run        = "/run/lectern"
	socket     = run + "/hold.sock"
	executable = "/usr/local/bin/lectern"
	// exitFile is the termination message of the container, so that the cluster
	// keeps how the tutor ended for whoever looks too late.
	exitFile = "/dev/termination-log"
)

// PodOptions is what all sandbox Pods have in common.
type PodOptions struct {
	Image       string
	PullPolicy  corev1.PullPolicy
	PullSecrets []string
	// RuntimeClass is empty for the cluster's own.
	RuntimeClass     string
	NodeSelector     map[string]string
	Tolerations      []corev1.Toleration
	Requests, Limits corev1.ResourceList
	Storage          Storage
}

// stopPatience is how long a Pod may take to leave when it is deleted: the
// holder gives the tutor three seconds.
const stopPatience = 5

// pod is the Pod of a new sandbox.
func (b *Backend) pod(spec sandbox.Spec, model way) *corev1.Pod {
	o := b.opts.Pod
	name := sandbox.Name(spec.Login)
	no, yes := false, true
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: b.opts.Namespace,
			Labels: map[string]string{
				labelName: labelOf, "app.kubernetes.io/managed-by": "lectern", labelUser: name, labelSession: spec.Session,
			},
			Annotations: map[string]string{
				annotationLogin: spec.Login, annotationCourse: spec.CourseID, annotationStage: strconv.Itoa(spec.Stage),
			},
		},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			// An end also where nothing else works. The holder sees to that of the life,
			// and this can only ever be lowered (Kubernetes API, PodSpec).
			ActiveDeadlineSeconds:         whole(b.opts.Life + sandbox.Overtime),
			TerminationGracePeriodSeconds: whole(stopPatience * time.Second),
			AutomountServiceAccountToken:  &no,
			EnableServiceLinks:            &no,
			// No name is ever looked up: a resolver is a way out (DNS tunnels).
			DNSPolicy:   corev1.DNSNone,
			DNSConfig:   &corev1.PodDNSConfig{Nameservers: []string{"127.0.0.1"}},
			HostAliases: model.aliases,
			Hostname:    "lectern",
			Tolerations: o.Tolerations, NodeSelector: o.NodeSelector,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsUser: id(uid), RunAsGroup: id(uid), FSGroup: id(uid), RunAsNonRoot: &yes,
				FSGroupChangePolicy: changed(),
				SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: container, Image: o.Image, ImagePullPolicy: o.PullPolicy,
				Command: b.command(spec), WorkingDir: home,
				Env:                      environ(spec.Environ, model),
				Resources:                corev1.ResourceRequirements{Requests: o.Requests, Limits: o.Limits},
				TerminationMessagePath:   exitFile,
				TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Privileged: &no,
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
				VolumeMounts: append(o.Storage.mounts(name),
					corev1.VolumeMount{Name: "run", MountPath: run},
					corev1.VolumeMount{Name: "tmp", MountPath: "/tmp"},
				),
			}},
			Volumes: append(o.Storage.volumes(name), emptyDir("run", smallSize), emptyDir("tmp", smallSize)),
		},
	}
	if o.RuntimeClass != "" {
		pod.Spec.RuntimeClassName = &o.RuntimeClass
	}
	for _, secret := range o.PullSecrets {
		pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: secret})
	}
	return pod
}

// command is the holder with the tutor in it.
func (b *Backend) command(spec sandbox.Spec) []string {
	courseDir := path.Join(papers, spec.CourseID)
	args := []string{
		executable, "hold", "run", "--socket", socket, "--exit-file", exitFile, "--course", courseDir,
		"--life", b.opts.Life.String(), "--idle", b.opts.Idle.String(),
	}
	switch {
	case len(b.opts.Command) > 0:
		args = append(append(args, "--"), b.opts.Command...)
	case b.opts.Model != nil:
		args = append(append(args, "--"), insideImage.Command(spec, courseDir)...)
	default:
		args = append(args, "--own-notices", "--", executable, "tutor",
			"--course", courseDir, "--id", spec.CourseID, "--title", spec.CourseTitle,
			"--stage", strconv.Itoa(spec.Stage), "--state", path.Join(home, ".lectern", spec.CourseID))
	}
	for i := range args {
		args[i] = literal(args[i])
	}
	return args
}

// literal keeps the kubelet from expanding $(NAME) in text (Kubernetes API,
// Container.command and EnvVar.value).
func literal(text string) string { return strings.ReplaceAll(text, "$", "$$") }

const uid = 1000 // lab, in sandbox/image

func environ(learner []string, model way) []corev1.EnvVar {
	vars := []corev1.EnvVar{
		{Name: "HOME", Value: home}, {Name: "USER", Value: "lab"}, {Name: "LOGNAME", Value: "lab"},
		{Name: "LANG", Value: "C.UTF-8"},
	}
	if model.url != "" {
		vars = append(vars, corev1.EnvVar{Name: claude.URLVariable, Value: literal(model.url)})
	}
	for _, variable := range learner {
		name, value, _ := strings.Cut(variable, "=")
		vars = append(vars, corev1.EnvVar{Name: name, Value: literal(value)})
	}
	return vars
}

var smallSize = resource.MustParse("64Mi")

func emptyDir(name string, size resource.Quantity) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}}}
}

func whole(d time.Duration) *int64 {
	seconds := int64(d.Round(time.Second) / time.Second)
	return &seconds
}

func id(n int64) *int64 { return &n }

// changed makes the kubelet give a volume to the group only where it is not
// the group's already: homes may hold many files.
func changed() *corev1.PodFSGroupChangePolicy {
	policy := corev1.FSGroupChangeOnRootMismatch
	return &policy
}
