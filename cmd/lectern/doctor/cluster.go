package doctor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	apiversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"lectern/sandbox/kube"
)

// oldest is the first Kubernetes that has all that the manifests use.
const oldest = "1.30"

// cluster is what the checks of one visit share. What a check has found here is
// read only by those that need it or come after it.
type cluster struct {
	Options
	// gateway is the cluster as the gateway sees it, own as whoever asks does.
	gateway, own kubernetes.Interface
	prober       *kube.Prober

	account string    // who the gateway is, once the API server was reached
	date    time.Time // as the API server told it
	probes  probes

	finding sync.Once
	found   []door
}

func newCluster(o Options) *cluster { return &cluster{Options: o, probes: probes{run: randomHex()}} }

// reach asks the API server who it is and who we are to it.
func (c *cluster) reach(ctx context.Context) Finding {
	if c.PodsErr != nil {
		return bad(c.PodsErr.Error(), "set sandbox.kubernetes.kubeconfig, or run this in the cluster: manifests/components/doctor")
	}
	var err error
	if c.gateway, err = kubernetes.NewForConfig(c.Pods.Config); err == nil {
		c.own, err = kubernetes.NewForConfig(c.Own)
	}
	if err == nil {
		c.prober, err = kube.NewProber(c.Pods)
	}
	if err != nil {
		return bad(err.Error(), "correct the kubeconfig")
	}
	var is apiversion.Info
	err = again(ctx, func() (err error) {
		is, err = c.ask(ctx)
		return err
	})
	if err != nil {
		return bad("it does not answer: "+err.Error(), "check sandbox.kubernetes.kubeconfig and the way to the API server; in a cluster, port 443 or 6443 in the NetworkPolicy gateway")
	}
	me, err := c.gateway.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	switch {
	case apierrors.IsUnauthorized(err):
		return bad("it does not know the gateway's credentials", "get a new kubeconfig, or in a cluster apply manifests/base again")
	case apierrors.IsForbidden(err):
		return bad("nobody may act for the gateway's account: "+err.Error(), "use the kubeconfig of an administrator, or leave --as away")
	case err != nil:
		return bad(err.Error(), "look at the API server's log")
	}
	c.account = me.Status.UserInfo.Username
	if v, err := version.ParseGeneric(is.GitVersion); err == nil && v.LessThan(version.MustParseGeneric(oldest)) {
		return bad(fmt.Sprintf("Kubernetes %s lacks what the manifests need", is.GitVersion), "use Kubernetes "+oldest+" or newer")
	}
	return good(fmt.Sprintf("Kubernetes %s; the gateway is %s there", is.GitVersion, c.account))
}

// ask gets the version, and the date on the way, which no client of Kubernetes
// shows.
func (c *cluster) ask(ctx context.Context) (is apiversion.Info, err error) {
	client, err := rest.HTTPClientFor(c.Own)
	if err != nil {
		return is, err
	}
	base, _, err := rest.DefaultServerUrlFor(c.Own)
	if err != nil {
		return is, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("/version").String(), nil)
	if err != nil {
		return is, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return is, err
	}
	defer func() { _ = answer.Body.Close() }()
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return is, err
	}
	if answer.StatusCode != http.StatusOK {
		return is, fmt.Errorf("%s: %.200s", answer.Status, text)
	}
	c.date, _ = http.ParseTime(answer.Header.Get("Date"))
	return is, json.Unmarshal(text, &is)
}

// home is the namespace of the gateway.
func (c *cluster) home() string {
	if rest, is := strings.CutPrefix(c.account, "system:serviceaccount:"); is {
		namespace, _, _ := strings.Cut(rest, ":")
		return namespace
	}
	return "lectern"
}

// namespace asks whether the sandboxes' namespace takes one.
func (c *cluster) namespace(ctx context.Context) Finding {
	ns := c.Pods.Namespace
	err := c.prober.Try(ctx, c.prober.Sandbox(c.probes.name("shape")))
	switch {
	case err == nil:
		return good(ns + " takes a sandbox")
	case apierrors.IsNotFound(err):
		return bad(ns+" is not there", "kubectl apply -k manifests/base, or set sandbox.kubernetes.namespace")
	case isQuota(err):
		return good(ns + " takes sandboxes, and is full just now")
	case isPolicy(err):
		return bad("the admission policy refuses a sandbox: "+saysWhat(err),
			"list components/sandbox-settings last in your kustomization, so that the policy and the gateway have the same image and storage, and apply it")
	case isPodSecurity(err):
		return bad("Pod Security refuses a sandbox: "+saysWhat(err), "for storage hostPath use manifests/components/storage-hostpath; else kubectl apply -k manifests/base")
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err):
		return bad("it refuses a sandbox: "+saysWhat(err), "change what refuses it; a LimitRange has to fit sandbox.kubernetes.limits")
	}
	return bad(err.Error(), "look at the API server's log")
}

// Who has refused a Pod, as the API server words it.
func isQuota(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota")
}

func isPolicy(err error) bool {
	return err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy")
}

func isPodSecurity(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "violates PodSecurity")
}

// saysWhat is the part of a refusal that tells its reason.
func saysWhat(err error) string {
	text := err.Error()
	for _, before := range []string{"denied request: ", "violates PodSecurity ", "is forbidden: ", "is invalid: "} {
		if _, after, found := strings.Cut(text, before); found {
			return after
		}
	}
	return text
}

// gatewayPods are those of manifests/base, where one may see them.
func (c *cluster) gatewayPods(ctx context.Context) ([]corev1.Pod, error) {
	pods, err := c.own.CoreV1().Pods(c.home()).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=lectern-gateway"})
	if err != nil {
		return nil, err
	}
	return pods.Items, nil
}

// close removes what was made. None is closed at once.
func (c *cluster) close(ctx context.Context) error {
	if c == nil || c.prober == nil {
		return nil
	}
	var left error
	for _, pod := range c.probes.made {
		if err := c.prober.Remove(ctx, pod); err != nil {
			left = errors.Join(left, fmt.Errorf("the probe %s could not be removed: %w; kubectl -n %s delete pod %s", pod.Name, err, pod.Namespace, pod.Name))
		}
	}
	return left
}

func randomHex() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
