package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

const serverURL = "https://" + Address + ":6443"

// writeCredentials makes every certificate, key and kubeconfig that the node
// needs. Each component has an identity of its own, with no more rights than
// Kubernetes gives it by default.
func (n Node) writeCredentials() error {
	ca, err := newAuthority(filepath.Join(n.varDir(), "lib/kubernetes/pki"))
	if err != nil {
		return err
	}
	nodeUser := identity{user: "system:node:" + n.Name, groups: []string{"system:nodes"}, hosts: []string{n.Name, Address}}
	certificates := map[string]identity{
		"apiserver": {user: "kube-apiserver", hosts: []string{
			"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
			"localhost", "127.0.0.1", Address, firstService,
		}},
		"apiserver-kubelet": {user: "kube-apiserver-kubelet", groups: []string{"system:masters"}},
		"kubelet":           nodeUser,
		"loopback":          {user: "loopback", hosts: []string{"127.0.0.1"}},
		"admin":             {user: "admin", groups: []string{"system:masters"}},
	}
	for name, who := range certificates {
		if err := ca.write(name, who); err != nil {
			return err
		}
	}
	_, serviceAccountKey, err := newKey()
	if err != nil {
		return err
	}
	if err := os.WriteFile(ca.path("service-accounts.key"), serviceAccountKey, 0o600); err != nil {
		return err
	}
	kubeconfigs := map[string]identity{
		n.Kubeconfig():                           certificates["admin"],
		ca.path("kubelet.kubeconfig"):            nodeUser,
		ca.path("controller-manager.kubeconfig"): {user: "system:kube-controller-manager"},
		ca.path("scheduler.kubeconfig"):          {user: "system:kube-scheduler"},
		ca.path("proxy.kubeconfig"):              {user: "system:kube-proxy"},
		ca.path("kube-router.kubeconfig"):        {user: policyUser},
	}
	for path, who := range kubeconfigs {
		text, err := ca.kubeconfig(n.Name, who)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return fmt.Errorf("write a kubeconfig: %w", err)
		}
	}
	return nil
}

// kubeconfig is JSON, which is YAML too.
func (a *authority) kubeconfig(cluster string, who identity) ([]byte, error) {
	certificate, key, err := a.issue(who)
	if err != nil {
		return nil, err
	}
	type named map[string]any
	return json.MarshalIndent(named{
		"apiVersion": "v1", "kind": "Config", "current-context": cluster,
		"clusters": []named{{"name": cluster, "cluster": named{
			"server": serverURL, "certificate-authority-data": a.pem,
		}}},
		"users": []named{{"name": who.user, "user": named{
			"client-certificate-data": certificate, "client-key-data": key,
		}}},
		"contexts": []named{{"name": cluster, "context": named{"cluster": cluster, "user": who.user}}},
	}, "", "  ")
}
