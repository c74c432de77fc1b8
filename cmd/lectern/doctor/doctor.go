// Package doctor looks a Lectern over before anyone suffers: its settings, what
// the gateway keeps, the machine or cluster that sandboxes run on, and whether
// the walls around them stand. It changes nothing but for the probes that it
// starts in a cluster, and removes those again.
//
// A check is a small file with one idea: what it looks at, what it finds, and
// what to do about what is wrong. The rest of the package runs the checks and
// writes down what they found. It knows every part of Lectern, and no part knows
// it.
package doctor

import (
	"context"
	"log/slog"
	"time"

	"k8s.io/client-go/rest"

	"lectern/cmd/lectern/config"
	"lectern/sandbox"
	"lectern/sandbox/kube"
	"lectern/sandbox/probe"
)

// Options is what a doctor needs to know.
type Options struct {
	// Settings are those of the gateway; without them, SettingsErr says why, and
	// nothing else is looked at.
	Settings    config.Config
	SettingsErr error
	// Executable is this program.
	Executable string

	// Teacher tells whether Claude Code teaches, as lectern serve decides it;
	// because is why not, where the settings leave it open.
	Teacher func() (claude bool, because string, err error)
	// Claude finds its program on this machine.
	Claude func() (path string, err error)
	// AskModel puts a free question to the model's API with the key of a gateway
	// that has the proxy in itself.
	AskModel func(ctx context.Context, model string) (probe.Said, error)
	// Sign makes the session token of a probe.
	Sign func() (sandbox.Sign, error)

	// Pods is how sandboxes are made in the cluster; without it, PodsErr says
	// why. Its Config is who the gateway is there.
	Pods    kube.Options
	PodsErr error
	// Own is who asks. It is the gateway too, unless that is only played
	// (impersonation), and then may see what the gateway may not.
	Own *rest.Config
	// Outside is an address, host:port, that answers everybody and that no sandbox
	// may reach; empty: the site of the keys, where that answers.
	Outside string

	// Snapshot makes a copy of the database that a running gateway has open, and
	// tells how to remove it; nil where there is no way to that.
	Snapshot func(ctx context.Context) (file string, remove func(), err error)

	Log *slog.Logger
}

// Doctor is one visit.
type Doctor struct {
	Options
	now func() time.Time

	site    site
	cluster *cluster // nil where sandboxes are local
	checks  []*check
}

// New prepares a visit; nothing is looked at yet.
func New(o Options) *Doctor {
	d := &Doctor{Options: o, now: time.Now}
	settings := d.check(Configuration, "settings", d.settings)
	if o.SettingsErr != nil {
		return d
	}
	d.check(Configuration, "courses", d.courses).within(2 * time.Minute)
	d.check(Configuration, "teacher", d.teacher)

	d.check(Gateway, "data folder", d.dataFolder)
	d.check(Gateway, "host key", d.hostKey)
	d.check(Gateway, "database", d.database).within(time.Minute)
	d.check(Gateway, "key cache", d.keyCache)
	d.check(Gateway, "listed keys", d.listedKeys)
	d.check(Gateway, "audit trail", d.trail)
	d.check(Gateway, "recordings", d.recordings)
	d.check(Gateway, "certificate", d.certificate)
	github := d.check(Gateway, "site of the keys", d.github)
	if o.Settings.Sandbox.Backend == config.BackendKubernetes {
		d.inCluster(settings, github)
	} else {
		d.onThisMachine(github)
	}
	return d
}

// onThisMachine adds what local sandboxes need.
func (d *Doctor) onThisMachine(github *check) {
	d.check(Gateway, "clock", d.clock).after(github)
	d.check(Gateway, "SSH port", d.sshPort)
	for _, p := range d.ports() {
		d.check(Gateway, p.row, func(ctx context.Context) Finding { return d.httpPort(ctx, p) })
	}
	d.check(Sandboxes, "jail", d.jail)
	d.check(Sandboxes, "limits", d.limits)
	d.check(Sandboxes, "Claude Code", d.claudeCode)
	d.check(Model, "API key", d.localKey).within(time.Minute)
}

// inCluster adds what Pods need. The probes come last: they take a little of the
// quota, and what was found before says why they do not start.
func (d *Doctor) inCluster(settings, github *check) {
	c := newCluster(d.Options)
	d.cluster = c
	api := d.check(Cluster, "API server", c.reach).needs(settings)
	d.check(Gateway, "clock", d.clock).after(github, api)
	d.check(Gateway, "SSH port", d.gatewayPort).after(api)
	rights := d.check(Cluster, "rights", c.enoughRights).needs(api)
	d.check(Cluster, "no more rights", c.noMoreRights).needs(api)
	namespace := d.check(Cluster, "namespace", c.namespace).needs(api, rights)
	d.check(Cluster, "Pod Security", c.podSecurity).needs(namespace)
	d.check(Cluster, "admission policy", c.admissionPolicy).needs(namespace)
	d.check(Sandboxes, "storage", c.storage).needs(api)
	quota := d.check(Sandboxes, "quota", c.quota).needs(namespace)
	start := d.check(Sandboxes, "image", c.startProbes).needs(namespace).after(quota).within(c.patience() + 30*time.Second)
	for _, reach := range c.reaches() {
		d.check(Network, reach.row, func(ctx context.Context) Finding {
			return d.judgeReach(ctx, reach)
		}).needs(start).after(github).within(time.Minute)
	}
	way := d.check(Model, "API proxy", d.wayToProxy).needs(start).within(time.Minute)
	d.check(Model, "API key", d.clusterKey).needs(way).within(time.Minute)
	d.check(Model, "events", d.events).after(api)
}
