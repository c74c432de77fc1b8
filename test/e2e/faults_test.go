//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"lectern/sandbox"
	"lectern/sandbox/kube"
)

// Faults on the way to a sandbox: each is told in words, and leaves no Pod.

func TestAStartThatCannotBeIsToldInWords(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*setUp)
		says   string
	}{
		"the image is never pulled": {
			change: func(s *setUp) { s.pods.Pod.Image, s.pods.Pod.PullPolicy = "lectern-none:latest", corev1.PullNever },
			says:   "image is not to be had",
		},
		"the image cannot be pulled": {
			change: func(s *setUp) { s.pods.Pod.Image = "registry.invalid/lectern-none:latest" },
			says:   "image is not to be had",
		},
		"no node can take it": {
			change: func(s *setUp) { s.pods.Pod.NodeSelector = map[string]string{"lectern": "nowhere"} },
			says:   "no machine with room",
		},
		"admission refuses": {
			change: func(s *setUp) { s.pods.Pod.Storage = kube.Storage{Kind: kube.StorageHostPath, Path: "/srv"} },
			says:   "rules do not admit",
		},
		"it never becomes ready": {
			change: func(s *setUp) {
				s.pods.Start = 5 * time.Second
				s.pods.Pod.Storage = kube.Storage{Kind: kube.StorageHostPath, Path: "/nowhere/at/all"}
				s.before = func(l *lab) { l.allowHostPaths(t) }
			},
			says: "did not become ready within 5s",
		},
		"it ends at once": {
			change: func(s *setUp) {
				s.pods.Pod.Limits[corev1.ResourceMemory] = resource.MustParse("64Mi")
				s.pods.Life = -1
			},
			says: "only just started",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, test.change)
			v := l.start(t)
			v.expect(t, test.says)
			v.ended(t)
		})
	}
}

func (l *lab) allowHostPaths(t *testing.T) {
	t.Helper()
	patch := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`)
	if _, err := l.client.CoreV1().Namespaces().Patch(t.Context(), l.namespace, "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestExecRefusedIsToldInWords(t *testing.T) {
	l := newLab(t, func(s *setUp) {
		s.before = func(l *lab) { s.pods.Config = l.accountWithout(t, "pods/exec") }
	})
	v := l.start(t)
	v.expect(t, "does not let the gateway into the sandbox")
	v.ended(t)
}

// accountWithout is a user with the gateway's Role, but for one resource.
func (l *lab) accountWithout(t *testing.T, without string) *rest.Config {
	t.Helper()
	account := "system:serviceaccount:" + l.namespace + ":gateway"
	l.bindRole(t, account, without)
	config := rest.CopyConfig(l.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: account}
	return config
}

func TestAQuotaIsWaitedFor(t *testing.T) {
	l := newLab(t, func(s *setUp) {
		s.before = func(l *lab) {
			quota := &corev1.ResourceQuota{
				ObjectMeta: metav1.ObjectMeta{Name: "one"},
				Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}},
			}
			if _, err := l.client.CoreV1().ResourceQuotas(l.namespace).Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	})
	first := l.startAs(t, "ada")
	first.expect(t, "hello from")
	second := l.startAs(t, "bob")
	second.expect(t, "Waiting for a free place")
	first.typed(t, "exit 0\r")
	second.expect(t, "hello from")
}

// Faults of a sandbox in use: the learner is told at once, in words.

func TestTheEndOfAPodIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(t *testing.T, l *lab, v *visit)
		says string
	}{
		"deleted": {
			end: func(t *testing.T, l *lab, _ *visit) {
				if err := l.pods.Delete(t.Context(), sandbox.Name("ada"), metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
			},
			says: "deleted in the cluster",
		},
		"deleted by force": {
			end: func(t *testing.T, l *lab, _ *visit) {
				now := int64(0)
				if err := l.pods.Delete(t.Context(), sandbox.Name("ada"), metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
					t.Fatal(err)
				}
			},
			says: "deleted in the cluster",
		},
		"evicted by an operator": {
			end: func(t *testing.T, l *lab, _ *visit) {
				err := l.client.PolicyV1().Evictions(l.namespace).Evict(t.Context(), &policyv1.Eviction{
					ObjectMeta: metav1.ObjectMeta{Name: sandbox.Name("ada"), Namespace: l.namespace},
				})
				if err != nil {
					t.Fatal(err)
				}
			},
			says: "deleted in the cluster",
		},
		"evicted by the node": {
			end: func(t *testing.T, _ *lab, v *visit) {
				v.typed(t, "fill 80\r") // /tmp may hold 64 MiB
				v.expect(t, "filled")
			},
			says: "evicted your sandbox",
		},
		"out of memory": {
			end:  func(t *testing.T, _ *lab, v *visit) { v.typed(t, "eat\r") },
			says: "more memory than a sandbox may",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, func(s *setUp) { s.pods.Pod.Limits[corev1.ResourceMemory] = resource.MustParse("96Mi") })
			v := l.start(t)
			v.expect(t, "hello from")
			test.end(t, l, v)
			v.expect(t, test.says)
			v.typed(t, "q") // the picker is there again
			v.ended(t)
		})
	}
}

func TestTheAPIServerRestartsUnderConnectedLearners(t *testing.T) {
	command := os.Getenv("CLUSTER_COMMAND")
	if command == "" {
		t.Skip("only the cluster of test/cluster can have its API server restarted")
	}
	l := newLab(t, nil)
	var visits []*visit
	for _, login := range learners[:3] {
		v := l.startAs(t, login)
		v.expect(t, "hello from")
		v.typed(t, "say before "+login+"\r")
		v.expect(t, "said before "+login)
		visits = append(visits, v)
	}
	out, err := exec.Command(command, "restart", "kube-apiserver", "--name", os.Getenv("CLUSTER_NAME")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, v := range visits {
		v.expect(t, "The connection to your sandbox was lost")
		v.expect(t, "said before "+learners[i]) // the screen is back
		v.typed(t, "say after\r")
		v.expect(t, "said after")
	}
}

func TestEightLearnersAndFourPlaces(t *testing.T) {
	l := newLab(t, func(s *setUp) { s.gateway.MaxSessions = 4 })
	stop := l.countPods(t)
	inside := make(chan *visit)
	var waiting sync.WaitGroup
	for _, login := range learners {
		v := l.startAs(t, login)
		waiting.Go(func() {
			if err := v.out.until("hello from", 2*time.Minute); err != nil {
				t.Errorf("%s: %v", login, err)
			}
			inside <- v
		})
	}
	for n := range learners {
		v := <-inside
		if n < len(learners)-4 { // the last four stay
			v.typed(t, "exit 0\r")
		}
	}
	waiting.Wait()
	if most := stop(); most > 4 {
		t.Errorf("there were %d Pods at once, and 4 places", most)
	}
}
