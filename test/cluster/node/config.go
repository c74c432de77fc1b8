package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Where the components find things. Inside, /var and /run are the node's own.
const (
	insideDir  = "/var/lib/kubernetes"
	binDir     = insideDir + "/bin"
	pkiDir     = insideDir + "/pki"
	configDir  = insideDir + "/config"
	networkDir = configDir + "/cni"
	// Not where both look by default: that is in the machine's own /usr.
	volumePluginDir = "/var/lib/kubelet/volume-plugins"
	containerdURL   = "unix:///run/containerd/containerd.sock"
)

// PauseImage is what holds the namespaces of a Pod. It must be imported before
// the first Pod starts.
const PauseImage = "docker.io/library/lectern-cluster-pause:latest"

// writeConfig writes the files that components read beside their flags.
func (n Node) writeConfig(h host) error {
	kubelet, err := kubeletConfig(n, h)
	if err != nil {
		return err
	}
	network, err := networkConfig()
	if err != nil {
		return err
	}
	for path, text := range map[string][]byte{
		"containerd.toml":   containerdConfig(h),
		"kubelet.json":      kubelet,
		"cni/pods.conflist": network,
	} {
		path = filepath.Join(n.varDir(), "lib/kubernetes/config", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
	}
	return nil
}

func containerdConfig(h host) []byte {
	return fmt.Appendf(nil, `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  disable_apparmor = true # its profiles would outlive the node
  restrict_oom_score_adj = %t

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  options = { SystemdCgroup = false }

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = %q
`, PauseImage, !h.mayRaise, networkDir)
}

// kubeletConfig is JSON, which is YAML too. Where it says nothing, a Pod meets
// the defaults of every other Kubernetes.
func kubeletConfig(n Node, h host) ([]byte, error) {
	type object = map[string]any
	config := object{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"containerRuntimeEndpoint": containerdURL,
		"volumePluginDir":          volumePluginDir,
		"tlsCertFile":              pkiDir + "/kubelet.crt",
		"tlsPrivateKeyFile":        pkiDir + "/kubelet.key",
		"authentication":           object{"x509": object{"clientCAFile": pkiDir + "/ca.crt"}},
		// Pods are below a group of our own, so that none is left behind.
		"cgroupRoot":   "/" + n.cgroup(),
		"cgroupDriver": "cgroupfs",
		"failSwapOn":   false,
		// There is no DNS, and this machine's resolver is of no use inside.
		"resolvConf": "",
		// Low, so that a full machine does not matter, but there: a Pod that
		// really fills it is evicted. Image garbage collection is off, since
		// what it removed could not be pulled again.
		"evictionHard": object{
			"memory.available": "200Mi", "nodefs.available": "500Mi", "nodefs.inodesFree": "1%",
			"imagefs.available": "500Mi", "imagefs.inodesFree": "1%",
		},
		"evictionPressureTransitionPeriod": "10s",
		"volumeStatsAggPeriod":             "10s", // how soon a full emptyDir is noticed
		"imageGCHighThresholdPercent":      100,
	}
	if !h.cgroups.unified() {
		config["failCgroupV1"] = false
	}
	if !h.mayRaise {
		config["featureGates"] = object{"KubeletInUserNamespace": true}
	}
	return json.MarshalIndent(config, "", "  ")
}

// networkConfig gives each Pod a wire of its own to the node. Without a bridge
// between them, two Pods of this node talk through the node's routing, where
// policies are enforced, whether or not the kernel filters bridges.
func networkConfig() ([]byte, error) {
	type object = map[string]any
	return json.MarshalIndent(object{
		"cniVersion": "1.0.0", "name": "pods",
		"plugins": []object{
			{
				"type": "ptp",
				"ipam": object{
					"type":   "host-local",
					"ranges": [][]object{{{"subnet": podRange}}},
					"routes": []object{{"dst": "0.0.0.0/0"}},
				},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	}, "", "  ")
}

// components are what the node runs. Each is started when those that it names
// in after are ready.
func components(n Node) []component {
	kubeconfig := func(name string) string { return pkiDir + "/" + name + ".kubeconfig" }
	controllers, scheduler := kubeconfig("controller-manager"), kubeconfig("scheduler")
	return []component{
		{
			name:    "containerd",
			command: []string{"/usr/bin/containerd", "--config", configDir + "/containerd.toml"},
			ready:   listens("/run/containerd/containerd.sock"),
		},
		{
			name: "etcd",
			command: []string{
				binDir + "/etcd", "--data-dir=/var/lib/etcd", "--unsafe-no-fsync", "--log-level=warn",
				"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
				"--listen-peer-urls=http://127.0.0.1:2380",
			},
			ready: answers("http://127.0.0.1:2379/health"),
		},
		{
			name:  "kube-apiserver",
			after: []string{"etcd"},
			command: []string{
				binDir + "/kube-apiserver",
				"--etcd-servers=http://127.0.0.1:2379",
				"--advertise-address=" + Address,
				"--secure-port=" + strconv.Itoa(apiPort),
				"--service-cluster-ip-range=" + serviceRange,
				"--authorization-mode=Node,RBAC",
				"--enable-admission-plugins=NodeRestriction",
				"--allow-privileged=true",
				"--client-ca-file=" + pkiDir + "/ca.crt",
				"--tls-cert-file=" + pkiDir + "/apiserver.crt",
				"--tls-private-key-file=" + pkiDir + "/apiserver.key",
				"--kubelet-certificate-authority=" + pkiDir + "/ca.crt",
				"--kubelet-client-certificate=" + pkiDir + "/apiserver-kubelet.crt",
				"--kubelet-client-key=" + pkiDir + "/apiserver-kubelet.key",
				"--kubelet-preferred-address-types=InternalIP",
				"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
				"--service-account-key-file=" + pkiDir + "/service-accounts.key",
				"--service-account-signing-key-file=" + pkiDir + "/service-accounts.key",
			},
			ready: apiReady,
		},
		{
			name:  "kube-controller-manager",
			after: []string{"kube-apiserver"},
			command: []string{
				binDir + "/kube-controller-manager", "--bind-address=127.0.0.1",
				"--kubeconfig=" + controllers, "--authentication-kubeconfig=" + controllers,
				"--authorization-kubeconfig=" + controllers, "--authentication-skip-lookup=true",
				"--leader-elect=false", "--use-service-account-credentials=true",
				// Controllers start one by one, held up by this limit.
				"--kube-api-qps=200", "--kube-api-burst=400",
				"--flex-volume-plugin-dir=" + volumePluginDir,
				"--root-ca-file=" + pkiDir + "/ca.crt",
				"--tls-cert-file=" + pkiDir + "/loopback.crt", "--tls-private-key-file=" + pkiDir + "/loopback.key",
				"--service-account-private-key-file=" + pkiDir + "/service-accounts.key",
			},
			// Pods can be made once their account is there.
			ready: both(
				answers("https://127.0.0.1:10257/healthz"),
				answers(serverURL+"/api/v1/namespaces/default/serviceaccounts/default"),
			),
		},
		{
			name:  "kube-scheduler",
			after: []string{"kube-apiserver"},
			command: []string{
				binDir + "/kube-scheduler", "--bind-address=127.0.0.1", "--leader-elect=false",
				"--kubeconfig=" + scheduler, "--authentication-kubeconfig=" + scheduler,
				"--authorization-kubeconfig=" + scheduler, "--authentication-skip-lookup=true",
				"--tls-cert-file=" + pkiDir + "/loopback.crt", "--tls-private-key-file=" + pkiDir + "/loopback.key",
			},
			ready: answers("https://127.0.0.1:10259/readyz"),
		},
		{
			name:  "kubelet",
			after: []string{"kube-apiserver", "containerd"},
			command: []string{
				binDir + "/kubelet", "--config=" + configDir + "/kubelet.json",
				"--kubeconfig=" + kubeconfig("kubelet"), "--hostname-override=" + n.Name, "--node-ip=" + Address,
			},
			ready: both(answers("http://127.0.0.1:10248/healthz"), nodeReady(n.Name)),
		},
		{
			name:  "kube-proxy",
			after: []string{"kube-apiserver"},
			command: []string{
				binDir + "/kube-proxy", "--kubeconfig=" + kubeconfig("proxy"), "--hostname-override=" + n.Name,
				"--proxy-mode=nftables", "--cluster-cidr=" + podRange,
				// The limits of connection tracking belong to the machine.
				"--conntrack-max-per-core=0", "--conntrack-min=0",
				"--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0",
			},
			ready: answers("http://" + Address + ":10256/healthz"),
		},
		{
			name:  "kube-router",
			after: []string{"kubelet"}, // it looks for the node's address when it starts
			command: []string{
				binDir + "/kube-router", "--kubeconfig=" + kubeconfig("kube-router"),
				"--hostname-override=" + n.Name, "--service-cluster-ip-range=" + serviceRange,
			},
			ready: answers("http://127.0.0.1:20244/healthz"),
		},
	}
}
