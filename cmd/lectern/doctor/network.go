package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"lectern/sandbox/probe"
)

// reach is a row about what a sandbox must not reach.
type reach struct {
	row string
	// what a learner's sandbox could do if it were reached.
	what string
	// targets are where it is; without any, why says so.
	targets func(ctx context.Context, d *Doctor) (targets []target, why string)
}

// target is one address to try.
type target struct {
	address  string
	resolver bool
	// open is whether somebody is known to listen there: that it is not reached
	// proves something only then.
	open bool
}

func (c *cluster) reaches() []reach {
	return []reach{
		{"other sandboxes", "reach another's", neighbourTargets},
		{"cluster API", "reach the API server", apiTargets},
		{"gateway", "reach the gateway", gatewayTargets},
		{"name servers", "ask a name server, and so carry data out", resolverTargets},
		{"cloud metadata", "reach where clouds keep their machines' credentials", metadataTargets},
		{"outside", "reach addresses outside of the cluster", outsideTargets},
	}
}

func neighbourTargets(_ context.Context, d *Doctor) ([]target, string) {
	return []target{{address: d.cluster.probes.neighbour(), open: true}}, ""
}

// apiTargets are its Service, whose address each Pod is told, and where it was
// reached just now.
func apiTargets(_ context.Context, d *Doctor) ([]target, string) {
	targets := []target{{address: "[$KUBERNETES_SERVICE_HOST]:$KUBERNETES_SERVICE_PORT", open: true}}
	base, _, err := rest.DefaultServerUrlFor(d.Own)
	if err != nil || base.Hostname() == os.Getenv("KUBERNETES_SERVICE_HOST") {
		return targets, ""
	}
	if ip, err := netip.ParseAddr(base.Hostname()); err == nil && !ip.IsLoopback() {
		targets = append(targets, target{address: hostPort(base), open: true})
	}
	return targets, ""
}

func gatewayTargets(ctx context.Context, d *Doctor) (targets []target, why string) {
	for _, door := range d.cluster.doors(ctx) {
		if door.address != "" {
			targets = append(targets, target{address: door.address, open: door.open()})
		}
	}
	if len(targets) == 0 {
		return nil, "no gateway is found in the cluster"
	}
	return targets, ""
}

// resolverTargets are the cluster's name server: in a Pod the one that it was
// given, elsewhere the Service that most clusters have.
func resolverTargets(ctx context.Context, d *Doctor) ([]target, string) {
	if inPod() {
		text, err := os.ReadFile("/etc/resolv.conf")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err.Error()
		}
		for line := range strings.Lines(string(text)) {
			if words := strings.Fields(line); len(words) == 2 && words[0] == "nameserver" {
				if ip := net.ParseIP(words[1]); ip != nil && !ip.IsLoopback() {
					return resolverAt(ctx, net.JoinHostPort(words[1], "53")), ""
				}
			}
		}
		return nil, "this Pod has no name server"
	}
	service, err := d.cluster.own.CoreV1().Services("kube-system").Get(ctx, "kube-dns", metav1.GetOptions{})
	if apierrors.IsForbidden(err) {
		return nil, "this account may not look for the name server; the Job of manifests/components/doctor knows it"
	}
	if err != nil || service.Spec.ClusterIP == "" {
		return nil, "the cluster has no Service kube-dns"
	}
	return resolverAt(ctx, net.JoinHostPort(service.Spec.ClusterIP, "53")), ""
}

// resolverAt asks it as well, which succeeds in the cluster only.
func resolverAt(ctx context.Context, address string) []target {
	asked := probe.Try(ctx, probe.Question{Patience: lookLimit, Targets: []probe.Target{
		{Address: address, Resolver: true, Wanted: true}, {Address: address, Wanted: true},
	}}, os.Getenv)
	return []target{{address: address, resolver: true, open: asked[0].Reached}, {address: address, open: asked[1].Reached}}
}

// metadataTargets is where most clouds have it. Whether this is one is not
// known, so that only the opposite is proved.
func metadataTargets(context.Context, *Doctor) ([]target, string) {
	return []target{{address: "169.254.169.254:80"}}, ""
}

// outsideTargets is an address that has just answered us.
func outsideTargets(ctx context.Context, d *Doctor) ([]target, string) {
	if d.Outside != "" {
		host, port, err := net.SplitHostPort(d.Outside)
		if err != nil {
			return nil, err.Error()
		}
		address, why := outsideAddress(ctx, host, port)
		if why != "" {
			return nil, why
		}
		if dial(ctx, address) != nil {
			return nil, d.Outside + " answers nobody, so that nothing would be proved"
		}
		return []target{{address: address, open: true}}, ""
	}
	if !d.site.answers {
		return nil, "no address outside is known to answer; name one with --outside HOST:PORT"
	}
	site, err := url.Parse(d.Settings.Auth.GitHubURL)
	if err != nil {
		return nil, err.Error()
	}
	address, why := outsideAddress(ctx, site.Hostname(), portOf(site))
	if why != "" {
		return nil, why
	}
	return []target{{address: address, open: true}}, ""
}

// outsideAddress looks up what a sandbox cannot, which looks no names up. An
// address of this machine would be another one in a Pod; why says so.
func outsideAddress(ctx context.Context, host, port string) (address, why string) {
	found := serviceAddress(ctx, host)
	if ip, err := netip.ParseAddr(found); err != nil || ip.IsLoopback() || ip.IsUnspecified() {
		return "", net.JoinHostPort(host, port) + " is not outside; name an address with --outside HOST:PORT"
	}
	return net.JoinHostPort(found, port), ""
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

func hostPort(u *url.URL) string { return net.JoinHostPort(u.Hostname(), portOf(u)) }

// proxyTarget is what must be reached, beside all that must not.
const proxyTarget = "API proxy"

// everything is the one question to the probe: the targets of all rows.
func (d *Doctor) everything(ctx context.Context) (all []probe.Target) {
	for _, r := range d.cluster.reaches() {
		targets, _ := r.targets(ctx, d)
		for i, t := range targets {
			all = append(all, probe.Target{Name: r.name(i), Address: t.address, Resolver: t.resolver})
		}
	}
	if claude, _, err := d.Teacher(); err == nil && claude {
		if address, err := url.Parse(d.Settings.Proxy.URL); err == nil {
			all = append(all, probe.Target{Name: proxyTarget, Address: hostPort(address), Wanted: true})
		}
	}
	return all
}

// name is what one of the row's targets is called among all.
func (r reach) name(i int) string { return fmt.Sprintf("%s %d", r.row, i+1) }

// judgeReach makes the row.
func (d *Doctor) judgeReach(ctx context.Context, r reach) Finding {
	targets, why := r.targets(ctx, d)
	if len(targets) == 0 {
		return skipped(why)
	}
	c := d.cluster
	results := make([]probe.Result, len(targets))
	for i := range targets {
		var err error
		if results[i], err = c.reached(ctx, r.name(i), d.everything); err != nil {
			return bad("the probes do not tell: "+err.Error(), "run this again; kubectl -n "+c.Pods.Namespace+" get events")
		}
	}
	if listens := c.probes.results[control]; !listens.Reached {
		return bad("the probe at "+listens.Address+" does not listen even to itself ("+listens.Said+"), so that nothing is proved", "run this again")
	}
	through := c.probes.results[reach{row: c.reaches()[0].row}.name(0)].Reached
	return judgeWalls(r.what, targets, results, through, c.policies(ctx), c.Pods.Namespace)
}

// judgeWalls tells what it means that targets were reached or not. through is
// whether sandboxes reach each other, which no policy of the manifests allows;
// policies is how many there are, below 0 where that is not known.
func judgeWalls(what string, targets []target, results []probe.Result, through bool, policies int, namespace string) Finding {
	var reached, shut, unknown []string
	for i, r := range results {
		switch {
		case r.Reached:
			reached = append(reached, r.Address)
		case targets[i].open:
			shut = append(shut, r.Address)
		default:
			unknown = append(unknown, r.Address)
		}
	}
	if len(reached) == 0 {
		text := "not reached: " + list(append(shut, unknown...))
		if len(shut) == 0 {
			text += "; whether anybody is there is not known"
		}
		return good(text)
	}
	can := fmt.Sprintf("a learner's sandbox can %s (%s)", what, list(reached))
	switch {
	case policies == 0:
		return bad(can+": there is no NetworkPolicy in "+namespace, "kubectl apply -k manifests/base")
	case through:
		return bad(can+": this cluster's network does not enforce NetworkPolicies",
			"install a network that does: k3s without --disable-network-policy, or Calico, Cilium or kube-router; where it has one, look whether that runs; where none is applied: kubectl apply -k manifests/base")
	}
	return bad(can+": a NetworkPolicy lets it",
		"kubectl -n "+namespace+" get networkpolicies; manifests/base has default-deny and to-proxy, and no other should be there")
}

// policies counts the network policies around sandboxes.
func (c *cluster) policies(ctx context.Context) int {
	found, err := c.own.NetworkingV1().NetworkPolicies(c.Pods.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return -1
	}
	return len(found.Items)
}
