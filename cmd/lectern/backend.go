package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"lectern/cmd/lectern/config"
	"lectern/sandbox"
	"lectern/sandbox/kube"
	"lectern/sandbox/local"
)

func newBackend(ctx context.Context, c config.Config, m model, log *slog.Logger) (sandbox.Backend, error) {
	if c.Sandbox.Backend == config.BackendKubernetes {
		return newPods(ctx, c, m, log)
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the lectern program: %w", err)
	}
	if c.Sandbox.Local.Isolation == config.IsolationNone {
		log.Warn("sandboxes are NOT isolated (sandbox.local.isolation is none): the tutor runs as this user and can read what this user can")
	}
	var asks *local.Model
	if m.sign != nil {
		asks = &local.Model{Program: m.program, Names: c.Proxy.Models, Sign: m.sign, Serve: m.inside.server.Serve}
	}
	return local.New(ctx, local.Options{
		Dir: c.DataDir, Executable: executable, Model: asks, Isolation: local.Isolation(c.Sandbox.Local.Isolation),
		Life: c.Sandbox.MaxLife, Idle: c.Sandbox.Idle,
		Memory: int64(c.Sandbox.Local.Memory), Processes: c.Sandbox.Local.Processes, Log: log,
	})
}

func newPods(ctx context.Context, c config.Config, m model, log *slog.Logger) (sandbox.Backend, error) {
	// What it takes for an error, such as a stream that its user has closed, is
	// seldom one; what matters comes back to us as an error and is logged here.
	klog.SetSlogLogger(slog.New(asDebug{log.Handler()}).With("from", "client-go"))
	cluster, err := clusterConfig(c.Sandbox.Kubernetes.Kubeconfig)
	if err != nil {
		return nil, err
	}
	options := podOptions(c, cluster)
	options.Log = log
	if m.sign != nil {
		options.Model = kubeModel(c, m.sign)
	}
	return kube.New(ctx, options)
}

// kubeModel is the way of Pods to the model.
func kubeModel(c config.Config, sign sandbox.Sign) *kube.Model {
	return &kube.Model{URL: c.Proxy.URL, Names: c.Proxy.Models, Sign: sign}
}

// podOptions is what the settings say of Pods.
func podOptions(c config.Config, cluster *rest.Config) kube.Options {
	k := c.Sandbox.Kubernetes
	return kube.Options{
		Config: cluster, Namespace: k.Namespace, Life: c.Sandbox.MaxLife, Idle: c.Sandbox.Idle, Start: k.StartTimeout,
		Pod: kube.PodOptions{
			Image: k.Image, PullPolicy: corev1.PullPolicy(k.PullPolicy), PullSecrets: k.PullSecrets,
			RuntimeClass: k.RuntimeClass, NodeSelector: nodeSelector(k.NodeSelector), Tolerations: tolerations(k.Tolerations),
			Requests: amounts(k.Requests), Limits: amounts(k.Limits),
			Storage: kube.Storage{
				Kind: kube.StorageKind(k.Storage.Kind), Class: k.Storage.Class, Path: k.Storage.Path,
				Size: *resource.NewQuantity(int64(k.Storage.Size), resource.BinarySI),
			},
		},
	}
}

// clusterConfig finds the cluster as kubectl would, and in a Pod by its
// ServiceAccount.
func clusterConfig(kubeconfig string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	cluster, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("no cluster can be found: set sandbox.kubernetes.kubeconfig, or run in a Pod with a ServiceAccount: %w", err)
	}
	// The defaults are made for controllers; here a learner waits.
	cluster.QPS, cluster.Burst = 100, 200
	cluster.UserAgent = "lectern/" + versionText()
	return cluster, nil
}

func amounts(r config.Resources) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(r.CPU.Milli()), resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(int64(r.Memory), resource.BinarySI),
	}
}

// nodeSelector reads labels that config has checked: key=value.
func nodeSelector(labels []string) map[string]string {
	selector := make(map[string]string, len(labels))
	for _, label := range labels {
		key, value, _ := strings.Cut(label, "=")
		selector[key] = value
	}
	return selector
}

// tolerations reads taints that config has checked: key[=value][:Effect].
func tolerations(taints []string) []corev1.Toleration {
	var list []corev1.Toleration
	for _, taint := range taints {
		label, effect, _ := strings.Cut(taint, ":")
		key, value, valued := strings.Cut(label, "=")
		t := corev1.Toleration{Key: key, Value: value, Effect: corev1.TaintEffect(effect), Operator: corev1.TolerationOpExists}
		if valued {
			t.Operator = corev1.TolerationOpEqual
		}
		list = append(list, t)
	}
	return list
}

// asDebug lowers what is said to the level of debugging, and drops what is for
// debugging itself.
type asDebug struct{ slog.Handler }

func (h asDebug) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo && h.Handler.Enabled(ctx, slog.LevelDebug)
}

func (h asDebug) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return h.Handler.Handle(ctx, r)
}

func (h asDebug) WithAttrs(attrs []slog.Attr) slog.Handler {
	return asDebug{h.Handler.WithAttrs(attrs)}
}

func (h asDebug) WithGroup(name string) slog.Handler { return asDebug{h.Handler.WithGroup(name)} }
