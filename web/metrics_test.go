package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	h := newHouse(t, func(o *Options, _ *pace) { o.Registry = registry })
	m := h.server.metrics
	b := h.visit(ada)
	for range guessesAtOnce + 2 {
		b.post("/api/sign-in", map[string]string{"code": "none"})
	}
	s, term := b.enter("/ws")
	term.print(strings.Repeat("x", 1000))
	s.shows("xxx")
	s.types("abc")
	term.reads("abc")
	for what, counted := range map[string][2]float64{
		"sign-ins":         {testutil.ToFloat64(m.signIns.WithLabelValues(signInDone)), 1},
		"refused links":    {testutil.ToFloat64(m.signIns.WithLabelValues(signInRefused)), guessesAtOnce},
		"limited links":    {testutil.ToFloat64(m.signIns.WithLabelValues(signInLimited)), 2},
		"open WebSockets":  {testutil.ToFloat64(m.sockets), 1},
		"bytes to a page":  {testutil.ToFloat64(m.bytes.WithLabelValues(toPage)), 1000},
		"kinds of results": {float64(testutil.CollectAndCount(m.signIns)), 3},
	} {
		if counted[0] != counted[1] {
			t.Errorf("%s are %v, want %v", what, counted[0], counted[1])
		}
	}
	if n := testutil.ToFloat64(m.bytes.WithLabelValues(fromPage)); n < float64(len("abc")+len(resize)) {
		t.Errorf("bytes from a page are %v", n)
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 4 {
		t.Errorf("%d are registered, %v", len(families), err)
	}
	if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	// A second page of the same program cannot have them, and leaves no file open.
	o := h.opts
	o.Path += "2"
	if other, err := New(o); err == nil {
		_ = other.Close()
		t.Error("the metrics are registered twice")
	}
	o.Registry = nil
	other, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	b.get("/metrics").want(http.StatusNotFound) // they are elsewhere
}
