package manifests_test

import (
	"net/netip"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// A Service that selects or targets what no Pod has answers nobody, and one
// without a policy's leave answers nobody either.
func TestServicesLeadToOpenPorts(t *testing.T) {
	doors := map[string]corev1.ServicePort{}
	objects := render(t, claude)
	for _, service := range all[*corev1.Service](objects) {
		var template *corev1.PodTemplateSpec
		for _, d := range all[*appsv1.Deployment](objects) {
			if labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(d.Spec.Template.Labels)) {
				template = &d.Spec.Template
			}
		}
		if template == nil {
			t.Errorf("Service %s selects %v, which no Pod has", service.Name, service.Spec.Selector)
			continue
		}
		ports := map[string]int32{}
		for _, port := range template.Spec.Containers[0].Ports {
			ports[port.Name] = port.ContainerPort
		}
		open := openPorts(t, claude, template.Labels)
		for _, port := range service.Spec.Ports {
			target, known := ports[port.TargetPort.StrVal]
			if !known {
				t.Errorf("Service %s leads to %q, which is no port of the Pod", service.Name, port.TargetPort.StrVal)
			}
			if !slices.Contains(open, target) {
				t.Errorf("Service %s leads to port %d, which the network policies close", service.Name, target)
			}
			if service.Spec.Type != "" && target != map[string]int32{"LoadBalancer": 2222, "NodePort": 8080}[string(service.Spec.Type)] {
				t.Errorf("Service %s opens port %d to the world", service.Name, target)
			}
		}
		if service.Spec.Type != "" {
			doors[string(service.Spec.Type)] = service.Spec.Ports[0]
			if service.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal {
				t.Errorf("Service %s hides the learner's address; set externalTrafficPolicy to Local", service.Name)
			}
		}
	}
	if ssh := doors["LoadBalancer"]; ssh.Port != 2222 {
		t.Errorf("the SSH Service is %+v; want port 2222", ssh)
	}
	if named := sshPort(t, settings(t, objects)); named != doors["LoadBalancer"].Port {
		t.Errorf("the page tells learners to come by ssh on port %d; want that of the Service, as web.ssh_port", named)
	}
	if web := doors["NodePort"]; web.NodePort != 31000 {
		t.Errorf("the page's Service is %+v; want node port 31000", web)
	}
}

// sshPort is the one that the page names in its ssh command.
func sshPort(t *testing.T, c config) int32 {
	t.Helper()
	if c.Web.SSHPort != 0 {
		return c.Web.SSHPort
	}
	address, err := netip.ParseAddrPort("0.0.0.0" + c.SSH.Listen)
	if err != nil {
		t.Fatalf("ssh.listen is %q; want every address of the Pod: %v", c.SSH.Listen, err)
	}
	return int32(address.Port())
}

// openPorts are those that any policy opens for a Pod.
func openPorts(t *testing.T, dir string, of map[string]string) []int32 {
	t.Helper()
	var open []int32
	for _, policy := range policies(t, dir, own) {
		if !labels.SelectorFromSet(policy.PodSelector.MatchLabels).Matches(labels.Set(of)) {
			continue
		}
		for _, rule := range policy.Ingress {
			for _, port := range rule.Ports {
				open = append(open, port.Port.IntVal)
			}
		}
	}
	return open
}
