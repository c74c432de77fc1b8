package gateway

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"golang.org/x/crypto/ssh"

	"lectern/progress"
	"lectern/proxy/report"
	"lectern/sandbox"
)

// series are the values of a registry by name and labels, as Prometheus writes
// them. Of a histogram it is the number of observations.
func series(t testing.TB, registry prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]float64)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := strings.TrimPrefix(family.GetName(), "lectern_gateway_")
			for _, label := range m.GetLabel() {
				name += fmt.Sprintf("{%s=%q}", label.GetName(), label.GetValue())
			}
			found[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return found
}

// measuredLab is a lab and the registry of its metrics.
func measuredLab(t testing.TB, change func(*Options)) (*lab, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	l := newLab(t, func(o *Options) {
		o.Registry = registry
		if change != nil {
			change(o)
		}
	})
	l.server.census.keep = 0 // so that no test waits for the next answer
	return l, registry
}

// expectSeries waits until the metrics have values, which follow what a learner
// sees.
func expectSeries(t *testing.T, registry *prometheus.Registry, want map[string]float64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		got := series(t, registry)
		maps.DeleteFunc(got, func(name string, _ float64) bool { _, asked := want[name]; return !asked })
		if maps.Equal(got, want) {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("the metrics are %v, want %v", got, want)
		}
	}
}

func TestMetricsOfAJourney(t *testing.T) {
	l, registry := measuredLab(t, threeStages)
	first := l.dial()
	c := open(t, first, "")
	c.shows("Only stage")
	expectSeries(t, registry, map[string]float64{
		"connections": 1, "connections_total": 1, `authentications_total{via="local"}`: 1,
		`sessions{kind="picker"}`: 1, "places": 100, "queue_length": 0, "backend_up": 1, `sandboxes{state="connected"}`: 0,
	})
	c.types("\r")
	c.expect("hello from")
	expectSeries(t, registry, map[string]float64{
		`sessions{kind="picker"}`: 0, `sessions{kind="sandbox"}`: 1, `attaches_total{how="first"}`: 1, "attach_seconds": 1,
		`sandboxes{state="connected"}`: 1, `sandboxes{state="detached"}`: 0,
	})
	if got := series(t, registry); got[`terminal_bytes_total{direction="out"}`] < float64(len("hello from")) {
		t.Errorf("%v bytes were shown", got[`terminal_bytes_total{direction="out"}`])
	}
	before := series(t, registry)[`terminal_bytes_total{direction="in"}`]
	c.types("say twelve b\r")
	c.expect("said twelve b")
	if got := series(t, registry)[`terminal_bytes_total{direction="in"}`] - before; got != 13 {
		t.Errorf("%v bytes were typed, want 13", got)
	}

	second := l.dial()
	d := open(t, second, "start only")
	d.expect("said twelve b")
	expectSeries(t, registry, map[string]float64{
		"connections": 2, "takeovers_total": 1, `attaches_total{how="first"}`: 1, `attaches_total{how="again"}`: 1,
		`sessions{kind="sandbox"}`: 1, `sessions{kind="command"}`: 0,
	})
	_ = first.Close()
	d.types("exit 0\r")
	d.shows("Only stage")
	expectSeries(t, registry, map[string]float64{
		`sandboxes_ended_total{ending="exited"}`: 1, `sandboxes_ended_total{ending="lost"}`: 0, "connections": 1,
		`sandboxes{state="connected"}`: 0,
	})
	_ = second.Close()
	expectSeries(t, registry, map[string]float64{
		"connections": 0, "connections_total": 2, `sessions{kind="picker"}`: 0, `sessions{kind="sandbox"}`: 0,
	})
}

func TestMetricsOfRefusals(t *testing.T) {
	l, registry := measuredLab(t, func(o *Options) { o.MaxConnectionsPerAddress = 2 })
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	refusedWith := func(methods ...ssh.AuthMethod) {
		t.Helper()
		config := l.clientConfig()
		config.Auth = methods
		if client, err := ssh.Dial("tcp", l.addr, config); err == nil {
			_ = client.Close()
			t.Fatal("a stranger is let in")
		}
	}
	refusedWith(ssh.PublicKeys(stranger))
	refusedWith(ssh.PublicKeys(stranger), ssh.KeyboardInteractive(func(string, string, []string, []bool) ([]string, error) { return nil, nil }))
	refusedWith()
	expectSeries(t, registry, map[string]float64{"connections": 0}) // so that the next one is let in
	raw, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Close()
	expectSeries(t, registry, map[string]float64{
		`authentications_refused_total{reason="unknown_key"}`: 2, `authentications_refused_total{reason="no_key"}`: 1,
		"handshakes_failed_total": 1, "connections": 0, "connections_total": 4,
	})

	client := l.dial()
	l.dial()
	refusedWith(ssh.PublicKeys(l.signer))
	for range maxPerConnection {
		if _, err := client.NewSession(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.NewSession(); err == nil {
		t.Fatal("a session too many is let in")
	}
	expectSeries(t, registry, map[string]float64{
		`connections_refused_total{bound="learner"}`: 1, `connections_refused_total{bound="address"}`: 0, `connections_refused_total{bound="all"}`: 0, "connections": 2,
		`sessions_refused_total{bound="connection"}`: 1, `sessions_refused_total{bound="learner"}`: 0,
	})
}

func TestMetricsOfReports(t *testing.T) {
	l, registry := measuredLab(t, func(o *Options) {
		threeStages(o)
		o.TokensPerDay = 100
	})
	used := func(login string, n int64) report.Event {
		return report.Event{ID: "u" + login, At: time.Now(), Login: login, Used: &report.Usage{Output: n}}
	}
	l.records(said(1, 1), said(1, 1), said(2, 3), used("ada", 80), used("bob", 81), used("carl", 100), used("dan", 10), report.Event{ID: "odd"},
		report.Event{ID: "r", At: time.Now(), Login: "ada", Session: "s", Refused: &report.Refused{Reason: "tool", Count: 2}})
	expectSeries(t, registry, map[string]float64{
		`proxy_reports_total{kind="completed"}`: 3, `proxy_reports_total{kind="used"}`: 4, `proxy_reports_total{kind="refused"}`: 1, `proxy_reports_total{kind="odd"}`: 1,
		"proxy_reports_dropped_total": 2, `stages_completed_total{evidence="model"}`: 1, `stages_completed_total{evidence="quiz"}`: 0,
		`learners_short_of_tokens{left="little"}`: 1, `learners_short_of_tokens{left="none"}`: 1,
	})
}

// TestLabelsComeFromNobodyOutside: whatever clients, sandboxes and the proxy
// say, there are the same series as before.
func TestLabelsComeFromNobodyOutside(t *testing.T) {
	l, registry := measuredLab(t, threeStages)
	before := slices.Sorted(maps.Keys(series(t, registry)))
	for _, user := range []string{"lab", "admin", "nobody-knows", "x\x1b]2;", strings.Repeat("u", 3000)} {
		config := l.clientConfig()
		config.User = user
		client, err := ssh.Dial("tcp", l.addr, config)
		if err != nil {
			continue // the name is refused
		}
		for _, command := range []string{"nonsense", "start nothing", "stages \x1b", "whoami"} {
			session, err := client.NewSession()
			if err != nil {
				t.Fatal(err)
			}
			_ = session.Setenv("TERM_PROGRAM", "a-terminal")
			_ = session.Run(command)
		}
		_ = client.Close()
	}
	c := open(t, l.dial(), "start only 1")
	c.expect("hello from")
	l.records(report.Event{ID: "x", Login: "a-login", Course: "a-course", Session: "a-session", Used: &report.Usage{Model: "a-model"}}, said(1, 1))
	if _, err := l.server.complete(progress.Record{Login: "ada", Course: "only", Stage: 2, CompletedAt: time.Now(), Evidence: progress.Admin}); err != nil {
		t.Fatal(err)
	}
	// The holder's last word is read from a place that the sandbox can write.
	l.server.ended(sandbox.Info{Login: "ada"}, sandbox.Exit{Ending: "an-ending"})
	after := slices.Sorted(maps.Keys(series(t, registry)))
	if !slices.Equal(before, after) {
		t.Errorf("the series are\n%q\nand were\n%q", after, before)
	}
	expectSeries(t, registry, map[string]float64{`sandboxes_ended_total{ending="other"}`: 1})
}

func TestMetricsAreNamedAsPrometheusAdvises(t *testing.T) {
	_, registry := measuredLab(t, nil)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestOneRegistryOneGateway: two would count into one another.
func TestOneRegistryOneGateway(t *testing.T) {
	l, registry := measuredLab(t, nil)
	o := l.server.Options
	o.Registry = registry
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "register the metrics") {
		t.Errorf("a second gateway: %v", err)
	}
}

// TestMetricsOfAQueue: who waits is counted while it lasts, and how long when
// it is over; then what the start has taken.
func TestMetricsOfAQueue(t *testing.T) {
	l, registry := measuredLab(t, func(o *Options) { o.MaxSessions = 1 })
	l.fill()
	c := open(t, l.dial(), "start only")
	c.expect("Waiting for a free place")
	expectSeries(t, registry, map[string]float64{
		"queue_length": 1, "queue_wait_seconds": 0, "places": 1, "starts_in_progress": 0, "door_closed": 0, `sandboxes{state="detached"}`: 1,
	})
	if waited := series(t, registry)["queue_oldest_seconds"]; waited <= 0 {
		t.Errorf("the first in the queue has waited %v s", waited)
	}
	bob, ok, err := l.server.Backend.Find(t.Context(), "bob")
	if err != nil || !ok {
		t.Fatalf("the place is empty: %v", err)
	}
	if err := bob.Kill(t.Context(), "the place is needed"); err != nil {
		t.Fatal(err)
	}
	c.expect("hello from")
	expectSeries(t, registry, map[string]float64{
		"queue_length": 0, "queue_oldest_seconds": 0, "queue_wait_seconds": 1, "start_seconds": 1, `start_phase_seconds{phase="starting"}`: 1,
		`start_failures_total{kind="fault"}`: 0, `sandboxes_ended_total{ending="killed"}`: 1, `attaches_total{how="first"}`: 1,
	})
	l.server.lifecycle.CloseDoor("Closed.")
	expectSeries(t, registry, map[string]float64{"door_closed": 1})
}

// One who waits at three terminals is one who waits.
func TestOnTheWay(t *testing.T) {
	ago := func(d time.Duration) time.Time { return time.Now().Add(-d) }
	queued, starting := sandbox.Phase{Kind: sandbox.Queued}, sandbox.Phase{Kind: sandbox.Starting}
	waits, starts, oldest := onTheWay([]sandbox.Arrival{
		{Login: "ada", Phase: queued, Since: ago(time.Hour)}, {Login: "bob", Phase: starting}, {Login: "ada", Phase: queued},
		{Login: "cem", Phase: queued, Since: ago(time.Minute)}, {Login: "bob", Phase: starting},
	})
	if waits != 2 || starts != 1 || oldest < time.Hour || oldest > time.Hour+time.Minute {
		t.Errorf("%v wait, the first for %s, %v start", waits, oldest, starts)
	}
}

func TestMetricsOfOrphans(t *testing.T) {
	l, registry := measuredLab(t, func(o *Options) { o.Grace = 200 * time.Millisecond })
	client := l.dial()
	open(t, client, "start only").expect("hello from")
	_ = client.Close()
	expectSeries(t, registry, map[string]float64{
		`sandboxes_reaped_total{state="alone"}`: 1, `sandboxes_reaped_total{state="silent"}`: 0, `sandboxes_ended_total{ending="killed"}`: 1,
	})
}
