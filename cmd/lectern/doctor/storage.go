package doctor

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/sandbox/kube"
)

// storage looks whether there is somebody who makes homes.
func (c *cluster) storage(ctx context.Context) Finding {
	s := c.Pods.Pod.Storage
	switch s.Kind {
	case kube.StorageNone:
		return skipped("homes are not kept (sandbox.kubernetes.storage.kind)")
	case kube.StorageHostPath:
		return skipped("homes are in " + s.Path + " of the node, which a probe does not touch")
	}
	const name = "set sandbox.kubernetes.storage.class to one of kubectl get storageclasses"
	if s.Class == "" {
		// The API server writes the default class into a claim, which anyone sees who
		// may make one.
		claim, err := c.prober.TryClaim(ctx, c.probes.name("home"))
		switch {
		case isQuota(err):
			return bad("the quota has no room for another home: "+saysWhat(err), "raise the ResourceQuota homes, or delete claims of learners who have left")
		case err != nil:
			return bad("no claim can be made: "+saysWhat(err), "apply components/storage-pvc")
		case claim.Spec.StorageClassName == nil || *claim.Spec.StorageClassName == "":
			return bad("the cluster has no default StorageClass, so no home would ever be there", name)
		}
		return good("homes are made by " + *claim.Spec.StorageClassName)
	}
	_, err := c.own.StorageV1().StorageClasses().Get(ctx, s.Class, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		if volumes := c.volumes(ctx, s.Class); volumes > 0 {
			return good(fmt.Sprintf("homes are in the volumes of %s, of which there are %d", s.Class, volumes))
		}
		return bad(fmt.Sprintf("there is no StorageClass %s", s.Class), name)
	case apierrors.IsForbidden(err):
		return skipped(fmt.Sprintf("this account may not look whether there is a StorageClass %s; an administrator may, with --as", s.Class))
	case err != nil:
		return bad(err.Error(), "look at the API server's log")
	}
	return good("homes are made by " + s.Class)
}

// volumes counts those of a class that somebody has made by hand.
func (c *cluster) volumes(ctx context.Context, class string) (n int) {
	all, err := c.own.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0
	}
	for _, volume := range all.Items {
		if volume.Spec.StorageClassName == class {
			n++
		}
	}
	return n
}
