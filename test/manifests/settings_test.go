package manifests_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// config is what these tests want to know of the gateway's settings. It is
// read from what the program prints, so that the modules need not agree on the
// versions of all that they are built from.
type config struct {
	DataDir string `json:"data_dir"`
	SSH     struct {
		Listen  string `json:"listen"`
		HostKey string `json:"host_key"`
	} `json:"ssh"`
	Auth struct {
		AuthorizedKeys string `json:"authorized_keys"`
	} `json:"auth"`
	Sandbox struct {
		Backend     string `json:"backend"`
		Agent       string `json:"agent"`
		MaxSessions int64  `json:"max_sessions"`
		Kubernetes  struct {
			Namespace string    `json:"namespace"`
			Image     string    `json:"image"`
			Storage   storage   `json:"storage"`
			Requests  resources `json:"requests"`
			Limits    resources `json:"limits"`
		} `json:"kubernetes"`
	} `json:"sandbox"`
	Proxy struct {
		Listen     string `json:"listen"`
		URL        string `json:"url"`
		APIKeyFile string `json:"api_key_file"`
		Tokens     struct {
			PrivateKeyFile string `json:"private_key_file"`
			PublicKeyFile  string `json:"public_key_file"`
		} `json:"session_tokens"`
		Events struct {
			Listen     string `json:"listen"`
			URL        string `json:"url"`
			SecretFile string `json:"secret_file"`
		} `json:"events"`
	} `json:"proxy"`
	Web struct {
		Listen    string   `json:"listen"`
		PublicURL string   `json:"public_url"`
		Proxies   []string `json:"proxies"`
		SSHPort   int32    `json:"ssh_port"`
	} `json:"web"`
	Metrics listener `json:"metrics"`
}

type listener struct {
	Listen string `json:"listen"`
}

type storage struct {
	Kind string            `json:"kind"`
	Size resource.Quantity `json:"size"`
	Path string            `json:"path"`
}

type resources struct {
	CPU    resource.Quantity `json:"cpu"`
	Memory resource.Quantity `json:"memory"`
}

// lectern is the program, built from the main module beside this one.
var lectern string

func TestMain(m *testing.M) { os.Exit(withLectern(m.Run)) }

func withLectern(run func() int) int {
	dir, err := os.MkdirTemp("", "manifests-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	lectern = filepath.Join(dir, "lectern")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", lectern, "./cmd/lectern")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build lectern: %v\n%s", err, out)
		return 1
	}
	return run()
}

// settings returns what would be in force in the gateway's Pod: its arguments,
// the file from the ConfigMap that is mounted there, and its variables.
func settings(t *testing.T, objects []runtime.Object) config {
	t.Helper()
	pod := gatewayDeployment(t, objects).Spec.Template.Spec
	return settingsOf(t, objects, pod, "serve")
}

// settingsOf returns what would be in force in a Pod that runs a command of
// lectern.
func settingsOf(t *testing.T, objects []runtime.Object, pod corev1.PodSpec, command string) config {
	t.Helper()
	container := pod.Containers[0]
	if len(container.Args) != 3 || container.Args[0] != command || container.Args[1] != "--config" {
		t.Fatalf("the Pod is started with %q; want %s --config FILE", container.Args, command)
	}
	name, text := mountedFile(t, objects, pod, container.Args[2])
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	show := exec.Command(lectern, command, "--config", file, "--print-config")
	show.Env = environ(t, objects, container)
	out, err := show.Output()
	if err != nil {
		var said []byte
		if exit, ok := err.(*exec.ExitError); ok {
			said = exit.Stderr
		}
		t.Fatalf("%s would not start: %v\n%s", command, err, said)
	}
	var c config
	if err := yaml.Unmarshal(out, &c); err != nil {
		t.Fatalf("read what lectern prints: %v", err)
	}
	return c
}

// environ is what the Pod gives its container.
func environ(t *testing.T, objects []runtime.Object, container corev1.Container) []string {
	t.Helper()
	variables := []string{}
	for _, variable := range container.Env {
		if variable.ValueFrom == nil {
			variables = append(variables, variable.Name+"="+variable.Value)
			continue
		}
		from := variable.ValueFrom.ConfigMapKeyRef
		value, ok := configMap(t, objects, from.Name).Data[from.Key]
		if ok {
			variables = append(variables, variable.Name+"="+value)
		} else if from.Optional == nil || !*from.Optional {
			t.Fatalf("the ConfigMap %s has no %s for %s", from.Name, from.Key, variable.Name)
		}
	}
	return variables
}

// mountedFile returns the name and the text of a file that a ConfigMap puts
// into the Pod.
func mountedFile(t *testing.T, objects []runtime.Object, pod corev1.PodSpec, file string) (name, text string) {
	t.Helper()
	folder, name := path.Split(file)
	mounted := volume(pod, path.Clean(folder))
	if mounted == nil || mounted.ConfigMap == nil {
		t.Fatalf("no ConfigMap is mounted at %s", folder)
	}
	text, ok := configMap(t, objects, mounted.ConfigMap.Name).Data[name]
	if !ok {
		t.Fatalf("the ConfigMap %s has no %s", mounted.ConfigMap.Name, name)
	}
	return name, text
}

// volume returns what is mounted at a path of the first container, or nil.
func volume(pod corev1.PodSpec, at string) *corev1.Volume {
	for _, mount := range pod.Containers[0].VolumeMounts {
		if mount.MountPath != at {
			continue
		}
		for i := range pod.Volumes {
			if pod.Volumes[i].Name == mount.Name {
				return &pod.Volumes[i]
			}
		}
	}
	return nil
}
