package manifests_test

import (
	"reflect"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// What the doctor finds is true of the gateway only where it has the gateway's
// account, settings and files.
func TestDoctorStandsInTheGatewaysPlace(t *testing.T) {
	objects := render(t, doctor)
	job := only[*batchv1.Job](t, objects).Spec.Template.Spec
	deployments := all[*appsv1.Deployment](objects)
	at := slices.IndexFunc(deployments, func(d *appsv1.Deployment) bool { return d.Name == gateway })
	of := deployments[at].Spec.Template.Spec
	for what, pair := range map[string][2]any{
		"account":     {job.ServiceAccountName, of.ServiceAccountName},
		"user":        {job.SecurityContext, of.SecurityContext},
		"volumes":     {job.Volumes, of.Volumes},
		"image":       {job.Containers[0].Image, of.Containers[0].Image},
		"environment": {job.Containers[0].Env, of.Containers[0].Env},
		"mounts":      {job.Containers[0].VolumeMounts, of.Containers[0].VolumeMounts},
		"settings":    {job.Containers[0].Args[1:], of.Containers[0].Args[1:]},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("the doctor's %s is\n%+v\nand the gateway's\n%+v", what, pair[0], pair[1])
		}
	}
	if job.Containers[0].Args[0] != "doctor" || !slices.ContainsFunc(job.Volumes, func(v corev1.Volume) bool { return v.Secret != nil }) {
		t.Errorf("the Job runs %v with %+v", job.Containers[0].Args, job.Volumes)
	}
}

func TestDoctorIsRestricted(t *testing.T) {
	job := only[*batchv1.Job](t, render(t, doctor))
	template := &job.Spec.Template
	if result := restricted(t, namespaceLabels(t, doctor, job.Namespace), &template.ObjectMeta, &template.Spec); !result.Allowed {
		t.Errorf("Pod Security refuses the doctor: %s", result.ForbiddenDetail())
	}
}

// It asks what the gateway asks, and knocks at the gateway's ports.
func TestDoctorReachesWhatTheGatewayDoesAndTheGateway(t *testing.T) {
	found := policies(t, doctor, own)
	asks, gateways := found["doctor"].Egress, found["gateway"].Egress
	if len(asks) != len(gateways)+1 || !reflect.DeepEqual(asks[:len(gateways)], gateways) {
		t.Errorf("the doctor may ask\n%+v\nand the gateway\n%+v", asks, gateways)
	}
	if len(found["doctor"].Ingress) > 0 {
		t.Error("the doctor may be asked")
	}
	door := found["gateway-from-doctor"].Ingress
	if len(door) != 1 || !reflect.DeepEqual(door[0].Ports, tcp(8081)) || door[0].From[0].PodSelector.MatchLabels[nameLabel] != "lectern-doctor" {
		t.Errorf("the gateway takes from the doctor %+v", door)
	}
}
