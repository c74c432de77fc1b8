package kube

import (
	"flag"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"lectern/sandbox"
)

var update = flag.Bool("update", false, "write the golden files anew")

func quantities(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory),
	}
}

func TestPodGolden(t *testing.T) {
	plain := PodOptions{
		Image: "lectern-sandbox:latest", PullPolicy: corev1.PullIfNotPresent,
		Requests: quantities("250m", "512Mi"), Limits: quantities("2", "4Gi"),
		Storage: Storage{Kind: StorageNone, Size: resource.MustParse("1Gi")},
	}
	special := plain
	special.RuntimeClass, special.PullSecrets = "gvisor", []string{"registry"}
	special.NodeSelector = map[string]string{"disk": "ssd"}
	special.Tolerations = []corev1.Toleration{{Key: "lab", Operator: corev1.TolerationOpExists}}
	special.Storage = Storage{Kind: StoragePVC, Size: resource.MustParse("2Gi"), Class: "fast"}
	folder := plain
	folder.Storage = Storage{Kind: StorageHostPath, Path: "/srv/homes"}
	proxy := way{
		url:     "http://lectern-proxy.lectern.svc:8787",
		aliases: []corev1.HostAlias{{IP: "10.96.0.12", Hostnames: []string{"lectern-proxy.lectern.svc"}}},
	}
	for name, options := range map[string]PodOptions{"plain": plain, "special": special, "hostpath": folder, "model": plain} {
		t.Run(name, func(t *testing.T) {
			b := &Backend{opts: Options{Namespace: "lectern-sandboxes", Pod: options, Life: 2 * time.Hour, Idle: 30 * time.Minute}}
			var model way
			if name == "model" {
				b.opts.Model, model = &Model{URL: proxy.url}, proxy
			}
			pod := b.pod(sandbox.Spec{
				Login: "ada", Session: "0123456789abcdef", CourseID: "ssh", CourseTitle: "What $(HOME) costs", Stage: 2,
				Environ: []string{"TERM=xterm-256color", "COLORTERM=$(X)"},
			}, model)
			got, err := yaml.Marshal(pod)
			if err != nil {
				t.Fatal(err)
			}
			golden := "testdata/" + name + ".yaml"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("the Pod differs from %s (-update writes it anew):\n%s", golden, got)
			}
		})
	}
}
