package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/sandbox"
)

// StorageKind is where a learner's home is kept.
type StorageKind string

const (
	// StorageNone forgets the home with the Pod.
	StorageNone StorageKind = "none"
	// StoragePVC keeps it in a PersistentVolumeClaim of the learner's own.
	StoragePVC StorageKind = "pvc"
	// StorageHostPath keeps it in a folder of the node. Pod Security's level
	// "restricted" forbids it; it is for development.
	StorageHostPath StorageKind = "hostPath"
)

// Storage says how homes are kept.
type Storage struct {
	Kind StorageKind
	// Class and Size are for StoragePVC; an empty Class is the cluster's
	// default. Size also bounds a home of StorageNone.
	Class string
	Size  resource.Quantity
	// Path is the folder on the node for StorageHostPath. Learners' folders are
	// made in it with its mode, so it must be writable for uid 1000.
	Path string
}

func (s Storage) volumes(name string) []corev1.Volume {
	switch s.Kind {
	case StoragePVC:
		return []corev1.Volume{{Name: "home", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
		}}}
	case StorageHostPath:
		kind := corev1.HostPathDirectory
		return []corev1.Volume{{Name: "home", VolumeSource: corev1.VolumeSource{
			HostPath: &corev1.HostPathVolumeSource{Path: s.Path, Type: &kind},
		}}}
	}
	return []corev1.Volume{emptyDir("home", s.Size)}
}

func (s Storage) mounts(name string) []corev1.VolumeMount {
	mount := corev1.VolumeMount{Name: "home", MountPath: home}
	if s.Kind == StorageHostPath {
		mount.SubPath = name
	}
	return []corev1.VolumeMount{mount}
}

// claim makes the learner's PersistentVolumeClaim where there is none yet.
func (b *Backend) claim(ctx context.Context, spec sandbox.Spec) error {
	s := b.opts.Pod.Storage
	if s.Kind != StoragePVC {
		return nil
	}
	name := sandbox.Name(spec.Login)
	claims := b.client.CoreV1().PersistentVolumeClaims(b.opts.Namespace)
	// Looked for first: a quota that is used up refuses also what is there.
	if _, err := claims.Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return err
	}
	claim := s.claim(name, b.opts.Namespace)
	claim.Annotations = map[string]string{annotationLogin: spec.Login}
	_, err := claims.Create(ctx, claim, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return refused(fmt.Errorf("make the learner's volume claim: %w", err))
	}
	return nil
}

// claim is the PersistentVolumeClaim of one learner.
func (s Storage) claim(name, namespace string) *corev1.PersistentVolumeClaim {
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: namespace,
			Labels: map[string]string{labelName: labelOf, "app.kubernetes.io/managed-by": "lectern", labelUser: name},
		},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: s.Size}},
		},
	}
	if s.Class != "" {
		claim.Spec.StorageClassName = &s.Class
	}
	return claim
}
