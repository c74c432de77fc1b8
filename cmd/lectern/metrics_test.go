package main

import (
	"context"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/gateway"
	"lectern/progress"
	"lectern/proxy"
	"lectern/sandbox"
	"lectern/web"
)

// described is what docs/metrics.md says of a metric, or a registry.
type described struct {
	kind string
	// labels are the values by name; none where they are not all known.
	labels map[string][]string
}

// listed keeps what is registered.
type listed struct {
	*prometheus.Registry
	collectors []prometheus.Collector
}

func (l *listed) Register(c prometheus.Collector) error {
	l.collectors = append(l.collectors, c)
	return l.Registry.Register(c)
}

var descText = regexp.MustCompile(`fqName: "(lectern_\w+)".*variableLabels: \{([\w,]*)\}`)

// registered are the metrics of gateway, page and proxy, as this program makes them.
func registered(t *testing.T) map[string]described {
	t.Helper()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	all := &listed{Registry: newRegistry(), collectors: []prometheus.Collector{buildInfo()}}
	store, err := progress.Open(filepath.Join(dir, "lectern.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if _, err := gateway.New(gateway.Options{
		HostKey: filepath.Join(dir, "host_key"), Backend: emptyBackend{}, Progress: store, TokensPerDay: 1, Grace: time.Hour, Registry: all, Log: log,
	}); err != nil {
		t.Fatal(err)
	}
	page, err := web.New(web.Options{PublicURL: "http://localhost:8080", Path: filepath.Join(dir, "browsers.db"), Registry: all, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = page.Close() }()
	if _, err := proxy.New(proxy.Options{
		Upstream: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, RequestsPerMinute: 1, Concurrency: 1, Registerer: all, Log: log,
	}); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]described)
	for _, c := range all.collectors {
		descs := make(chan *prometheus.Desc, 100)
		c.Describe(descs)
		close(descs)
		for desc := range descs {
			parts := descText.FindStringSubmatch(desc.String())
			if parts == nil {
				t.Fatalf("no name is found in %s", desc)
			}
			d := described{labels: make(map[string][]string)}
			for label := range strings.SplitSeq(parts[2], ",") {
				if label != "" {
					d.labels[label] = nil
				}
			}
			switch c.(type) { // a vector that is empty is not gathered
			case *prometheus.CounterVec:
				d.kind = "counter"
			case *prometheus.HistogramVec:
				d.kind = "histogram"
			}
			found[parts[1]] = d
		}
	}
	families, err := all.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		d, ours := found[family.GetName()]
		if !ours {
			continue
		}
		d.kind = strings.ToLower(family.GetType().String())
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				d.labels[label.GetName()] = append(d.labels[label.GetName()], label.GetValue())
			}
		}
		found[family.GetName()] = d
	}
	return found
}

var (
	tableRow    = regexp.MustCompile("(?m)^\\| `(lectern_\\w+)` \\| (\\w+) \\| ([^|]*)\\| [^|]+ \\|$")
	inBackticks = regexp.MustCompile("`([^`]+)`")
)

// documented are the rows of the tables in docs/metrics.md.
func documented(t *testing.T) map[string]described {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]described)
	for _, row := range tableRow.FindAllStringSubmatch(string(text), -1) {
		if _, twice := found[row[1]]; twice {
			t.Errorf("%s is in the tables twice", row[1])
		}
		d := described{kind: row[2], labels: make(map[string][]string)}
		for label := range strings.SplitSeq(row[3], ";") {
			if words := inBackticks.FindAllStringSubmatch(label, -1); len(words) > 0 {
				d.labels[words[0][1]] = nil
				for _, value := range words[1:] {
					d.labels[words[0][1]] = append(d.labels[words[0][1]], value[1])
				}
			}
		}
		found[row[1]] = d
	}
	if rows := strings.Count(string(text), "\n| `lectern_"); rows != len(found) {
		t.Errorf("%d rows begin with a metric and %d can be read", rows, len(found))
	}
	return found
}

// openEnded are labels whose values come from settings or the upstream, so that
// no registry has all of them from the start.
var openEnded = map[string]bool{
	"lectern_build_info/version": true, "lectern_proxy_requests_total/route": true, "lectern_proxy_requests_total/code": true,
	"lectern_proxy_tokens_total/model": true, "lectern_proxy_tokens_total/kind": true, "lectern_proxy_upstream_errors_total/kind": true,
}

// TestMetricsAreDocumented: what the registries have is in docs/metrics.md and
// nothing else, with its type, its labels and their values.
func TestMetricsAreDocumented(t *testing.T) {
	got, said := registered(t), documented(t)
	if g, s := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(said)); !slices.Equal(g, s) {
		t.Errorf("registered are\n%q\ndocumented\n%q", g, s)
	}
	for name, g := range got {
		s, ok := said[name]
		if !ok {
			continue
		}
		if g.kind != s.kind {
			t.Errorf("%s is a %s and documented as a %s", name, g.kind, s.kind)
		}
		if l, m := slices.Sorted(maps.Keys(g.labels)), slices.Sorted(maps.Keys(s.labels)); !slices.Equal(l, m) {
			t.Errorf("%s has the labels %q, documented are %q", name, l, m)
		}
		for label, values := range g.labels {
			slices.Sort(values)
			if documented := slices.Sorted(slices.Values(s.labels[label])); !openEnded[name+"/"+label] && !slices.Equal(slices.Compact(values), documented) {
				t.Errorf("%s has for %s the values\n%q, documented are\n%q", name, label, values, documented)
			}
		}
	}
}

// emptyBackend is a Backend without sandboxes.
type emptyBackend struct{ sandbox.Backend }

func (emptyBackend) List(context.Context) ([]sandbox.Info, error) { return nil, nil }
