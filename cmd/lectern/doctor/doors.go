package doctor

import (
	"context"
	"net"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// door is a port of the gateway as it is reached in the cluster.
type door struct {
	service string // its Service in manifests/base and components/claude
	listen  string // the setting
	address string // empty where it is not known
	answers bool   // to us
	ready   bool   // says the cluster
}

// open tells whether somebody is known to listen.
func (d door) open() bool { return d.answers || d.ready }

// inPod tells whether this runs in the cluster, as the Job of
// manifests/components/doctor does.
func inPod() bool { return os.Getenv("KUBERNETES_SERVICE_HOST") != "" }

// doors finds the gateway: by its Pod, where one may look for that, else by its
// Services' names.
func (c *cluster) doors(ctx context.Context) []door {
	c.finding.Do(func() {
		s := c.Settings
		c.found = []door{
			{service: "lectern-ssh", listen: s.SSH.Listen},
			{service: "lectern-metrics", listen: s.Metrics.Listen},
			{service: "lectern-events", listen: s.Proxy.Events.Listen},
		}
		host, ready := "", false
		if pods, err := c.gatewayPods(ctx); err == nil {
			for _, pod := range pods {
				if pod.Status.Phase == corev1.PodRunning && pod.Status.PodIP != "" {
					host, ready = pod.Status.PodIP, isReady(pod)
				}
			}
		}
		for i := range c.found {
			d := &c.found[i]
			listens, port, err := net.SplitHostPort(d.listen)
			if ip := net.ParseIP(listens); err != nil || ip != nil && ip.IsLoopback() || listens == "localhost" {
				continue // for nobody, or for the gateway's own machine
			}
			at := host
			if at == "" {
				at = serviceAddress(ctx, d.service+"."+c.home()+".svc")
			}
			if at == "" {
				continue
			}
			d.address, d.ready = net.JoinHostPort(at, port), ready
			d.answers = answers(ctx, d.address)
		}
	})
	return c.found
}

func isReady(pod corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// lookLimit is how long a name or an address of the cluster may take to answer.
const lookLimit = 3 * time.Second

// serviceAddress looks a name up, "" where nobody knows it.
func serviceAddress(ctx context.Context, name string) string {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0].Unmap().String()
}

func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// gatewayPort is sshPort for a gateway that may be in the cluster.
func (d *Doctor) gatewayPort(ctx context.Context) Finding {
	if d.cluster.gateway == nil {
		return skipped("needs the row API server")
	}
	ssh := d.cluster.doors(ctx)[0]
	switch {
	case ssh.answers:
		return d.whoAnswers(ctx, "tcp", ssh.address)
	case ssh.ready:
		return good("the gateway's Pod is ready")
	case ssh.address != "":
		return bad("nobody answers at "+ssh.address, "kubectl -n "+d.cluster.home()+" logs deployment/lectern-gateway")
	case inPod():
		return skipped("no gateway is found by the name lectern-ssh." + d.cluster.home() + ".svc")
	}
	return d.sshPort(ctx)
}
