package doctor

import (
	"context"
	"net"
	"os"
	"sync"
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
		var knocking sync.WaitGroup
		for i := range c.found {
			knocking.Go(func() { c.found[i].knock(ctx, host, c.home(), ready) })
		}
		knocking.Wait()
	})
	return c.found
}

// knock finds where a door is and whether somebody answers. Elsewhere than in a
// Pod nobody has to.
func (d *door) knock(ctx context.Context, host, namespace string, ready bool) {
	listens, port, err := net.SplitHostPort(d.listen)
	if ip := net.ParseIP(listens); err != nil || ip != nil && ip.IsLoopback() || listens == "localhost" {
		return // for nobody, or for the gateway's own machine
	}
	if host == "" {
		host = serviceAddress(ctx, d.service+"."+namespace+".svc")
	}
	if host == "" {
		return
	}
	d.address, d.ready = net.JoinHostPort(host, port), ready
	err = dial(ctx, d.address)
	if err != nil && inPod() {
		err = again(ctx, func() error { return dial(ctx, d.address) })
	}
	d.answers = err == nil
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

func dial(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
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
