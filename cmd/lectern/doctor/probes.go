package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"lectern/sandbox"
	"lectern/sandbox/kube"
	"lectern/sandbox/probe"
)

// probePort is where one probe listens for the other.
const probePort = 7787

// probes are two Pods in sandboxes' places. One tries what it reaches, and the
// other is what a sandbox must not reach: its neighbour.
type probes struct {
	run   string        // sets apart those of this visit
	made  []*corev1.Pod // to be removed
	asker *corev1.Pod
	other *corev1.Pod

	trying  sync.Once
	results map[string]probe.Result
	err     error
}

// name is what a Pod of this visit is called. No learner's is called so
// (sandbox.Name).
func (p *probes) name(role string) string { return "probe-" + p.run + "-" + role }

// patience is how long the probes may take to start.
func (c *cluster) patience() time.Duration { return max(c.Pods.Start, 30*time.Second) }

// startProbes starts both, which shows that the image is there.
func (c *cluster) startProbes(ctx context.Context) Finding {
	if err := c.prober.Sweep(ctx); err != nil {
		return bad("the probes of another visit cannot be removed: "+err.Error(), "kubectl -n "+c.Pods.Namespace+" delete pod -l lectern/probe")
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience())
	defer cancel()
	var (
		starting sync.WaitGroup
		mu       sync.Mutex
		failed   error
	)
	start := func(role string, started **corev1.Pod) {
		pod, err := c.prober.Probe(ctx, c.probes.name(role), "probe", "listen", "--address", ":"+strconv.Itoa(probePort))
		if err == nil {
			pod, err = c.prober.Start(ctx, pod)
		} else {
			pod = nil
		}
		mu.Lock()
		defer mu.Unlock()
		if pod != nil {
			c.probes.made = append(c.probes.made, pod)
		}
		if *started = pod; err != nil && failed == nil {
			failed = err
		}
	}
	starting.Go(func() { start("asks", &c.probes.asker) })
	starting.Go(func() { start("listens", &c.probes.other) })
	starting.Wait()
	if failed != nil {
		return c.whyNoProbe(failed)
	}
	return good(c.Pods.Pod.Image + " starts")
}

// whyNoProbe names what keeps a sandbox from starting.
func (c *cluster) whyNoProbe(err error) Finding {
	why := kube.Why(err)
	var told *sandbox.Unavailable
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return bad(fmt.Sprintf("no sandbox was ready within %s", c.patience()), fmt.Sprintf("kubectl -n %s get events, while this runs again", c.Pods.Namespace))
	case strings.Contains(why, "ErrImageNeverPull"), strings.Contains(why, "ImagePullBackOff"), strings.Contains(why, "InvalidImageName"):
		return bad(fmt.Sprintf("the image %s is not to be had: %s", c.Pods.Pod.Image, why),
			"import it on every node (manifests/README.md), or correct sandbox.kubernetes.image, pull_policy and pull_secrets")
	case strings.Contains(why, "unknown command"):
		return bad(fmt.Sprintf("the image %s is older than this program", c.Pods.Pod.Image), "make images, and import or push it anew")
	case strings.Contains(why, "look up the API proxy"):
		return bad(why, "apply components/claude, and let the gateway look names up (the NetworkPolicy gateway)")
	case errors.As(err, &told):
		return bad(told.Reason+" "+why, "look at what it names; kubectl -n "+c.Pods.Namespace+" get events has more")
	}
	return bad(why, "kubectl -n "+c.Pods.Namespace+" get events")
}

// reached puts the one question to the probes on which all rows of the network
// rest, and gives the result of one of its targets.
func (c *cluster) reached(ctx context.Context, name string, targets func(context.Context) []probe.Target) (probe.Result, error) {
	p := &c.probes
	p.trying.Do(func() {
		q := probe.Question{Targets: targets(ctx), Patience: settling}
		p.results = make(map[string]probe.Result)
		// That the neighbour listens at all can only be seen from inside of it, and
		// has to be before somebody else tries.
		p.err = c.question(ctx, p.other.Name, probe.Question{Patience: settling, Targets: []probe.Target{
			{Name: control, Address: p.neighbour(), Wanted: true},
		}})
		if p.err == nil {
			p.err = c.question(ctx, p.asker.Name, q)
		}
	})
	return p.resultOf(name)
}

// resultOf is what became of one target: an error where it was not tried, for
// then it was not reached either.
func (p *probes) resultOf(name string) (probe.Result, error) {
	r, asked := p.results[name]
	switch {
	case p.err != nil:
		return r, p.err
	case !asked:
		return r, fmt.Errorf("they were not asked about %q, which was not known when they were", name)
	case !r.Tried:
		return r, fmt.Errorf("%s cannot be tried: %s", r.Address, r.Said)
	}
	return r, nil
}

// settling is how long the walls around a new Pod may take to stand.
const settling = 10 * time.Second

// control is the neighbour seen from where it must be open.
const control = "the neighbour, from inside of it"

func (p *probes) neighbour() string {
	return net.JoinHostPort(p.other.Status.PodIP, strconv.Itoa(probePort))
}

func (c *cluster) question(ctx context.Context, pod string, q probe.Question) error {
	question, err := json.Marshal(q)
	if err != nil {
		return err
	}
	said, err := c.prober.Run(ctx, pod, question, "probe", "try")
	if err != nil {
		return fmt.Errorf("the probe %s does not answer: %w", pod, err)
	}
	var answer probe.Answer
	if err := json.Unmarshal(said, &answer); err != nil {
		return fmt.Errorf("the probe %s answers in another way than this program asks; the image %s is another version: %w", pod, c.Pods.Pod.Image, err)
	}
	for _, r := range answer.Results {
		c.probes.results[r.Name] = r
	}
	return nil
}
