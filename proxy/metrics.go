package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/proxy/stream"
)

// metrics are what Prometheus asks for. Every label is from a fixed set: a
// status, a word of this package, or a model that the settings name.
type metrics struct {
	requests  *prometheus.CounterVec
	latency   *prometheus.HistogramVec
	first     prometheus.Histogram
	tokens    *prometheus.CounterVec
	answers   *prometheus.CounterVec
	refusals  *prometheus.CounterVec
	upstreams *prometheus.CounterVec
	inFlight  prometheus.Gauge

	models map[string]bool
}

const otherModel = "other"

func newMetrics(to prometheus.Registerer, models []string) (*metrics, error) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "lectern", Subsystem: "proxy", Name: name, Help: help}
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), labels)
	}
	seconds := func(name, help string) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{
			Namespace: "lectern", Subsystem: "proxy", Name: name, Help: help,
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600},
		}
	}
	m := &metrics{
		requests:  counter("requests_total", "Requests answered.", "route", "code"),
		latency:   prometheus.NewHistogramVec(seconds("request_seconds", "Time from a request's header to the end of its answer."), []string{"route"}),
		first:     prometheus.NewHistogram(seconds("first_event_seconds", "Time from a request's header to the first event of its answer.")),
		tokens:    counter("tokens_total", "Tokens that the upstream has counted.", "model", "kind"),
		answers:   counter("answers_total", "Answers of the model, by how they ended.", "outcome"),
		refusals:  counter("refusals_total", "Requests refused before the upstream, by reason.", "reason"),
		upstreams: counter("upstream_errors_total", "Requests that the upstream did not answer, or with an error.", "kind"),
		inFlight:  prometheus.NewGauge(prometheus.GaugeOpts(opts("requests_in_flight", "Requests being answered."))),
		models:    setOf(models),
	}
	m.begin()
	for _, c := range []prometheus.Collector{m.requests, m.latency, m.first, m.tokens, m.answers, m.refusals, m.upstreams, m.inFlight} {
		if err := to.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// begin makes the series that are known beforehand: Prometheus does not see the
// first increase of one that comes with it.
func (m *metrics) begin() {
	for _, r := range reasons {
		m.refusals.WithLabelValues(string(r))
	}
	for _, r := range []reason{upstreamDown, upstreamSilent, upstreamOdd, keyUnknown, keyForbidden} {
		m.upstreams.WithLabelValues(string(r))
	}
	m.upstreams.WithLabelValues(statusKind(http.StatusTooManyRequests))
	for _, outcome := range []stream.Outcome{stream.Whole, stream.Cut, stream.Failed} {
		m.answers.WithLabelValues(string(outcome))
	}
	for _, r := range []route{messages, countTokens, elsewhere} {
		m.latency.WithLabelValues(string(r))
	}
}

func statusKind(status int) string { return "status_" + strconv.Itoa(status) }

// note counts a call that is over, and writes one line about it. There is
// nothing in it that a client has written but what a token vouches for.
func (p *Proxy) note(c *call) {
	took := time.Since(c.started)
	if !c.quiet {
		p.metrics.count(c, took)
	}
	level := slog.LevelInfo
	if c.quiet {
		level = slog.LevelDebug
	}
	line := []slog.Attr{
		slog.String("request", c.id), slog.String("route", string(c.route)),
		slog.Int("status", c.status), slog.Duration("took", took),
	}
	if c.claims.Session != "" {
		line = append(line, slog.String("login", c.claims.Login), slog.String("session", c.claims.Session),
			slog.String("course", c.claims.Course), slog.Int("stage", c.claims.Stage))
	}
	if c.refused != nil {
		line = append(line, slog.String("refused", string(c.refused.reason)))
	}
	if a := c.answer; a.upstreamID != "" {
		line = append(line, slog.String("upstream_request", a.upstreamID))
	}
	if a := c.answer; a.outcome != "" {
		line = append(line, slog.Duration("first_event", a.first), slog.String("outcome", string(a.outcome)),
			slog.Int64("input", a.usage.Input), slog.Int64("output", a.usage.Output),
			slog.Int64("cache_read", a.usage.CacheRead), slog.Int64("cache_write", a.usage.CacheWrite))
	}
	if c.answer.broken != nil {
		line = append(line, slog.String("broken_off", c.answer.broken.Error()))
	}
	what := "model asked"
	if c.refused != nil && !c.refused.reason.upstreams() {
		what = "request refused"
	}
	p.log.LogAttrs(context.Background(), level, what, line...)
}

func (m *metrics) count(c *call, took time.Duration) {
	m.requests.WithLabelValues(string(c.route), strconv.Itoa(c.status)).Inc()
	m.latency.WithLabelValues(string(c.route)).Observe(took.Seconds())
	switch {
	case c.refused == nil && c.status >= 400 && c.status != statusGone:
		m.upstreams.WithLabelValues(statusKind(c.status)).Inc()
	case c.refused == nil:
	case c.refused.reason.upstreams():
		m.upstreams.WithLabelValues(string(c.refused.reason)).Inc()
	default:
		m.refusals.WithLabelValues(string(c.refused.reason)).Inc()
	}
	a := c.answer
	if a.first > 0 {
		m.first.Observe(a.first.Seconds())
	}
	if a.outcome == "" {
		return
	}
	m.answers.WithLabelValues(string(a.outcome)).Inc()
	if a.outcome != stream.Whole {
		m.upstreams.WithLabelValues("answer_" + string(a.outcome)).Inc()
	}
	model := a.usage.Model
	if !m.models[model] {
		model = otherModel
	}
	for kind, n := range map[string]int64{
		"input": a.usage.Input, "output": a.usage.Output, "cache_read": a.usage.CacheRead, "cache_write": a.usage.CacheWrite,
	} {
		m.tokens.WithLabelValues(model, kind).Add(float64(n))
	}
}

func (r reason) upstreams() bool {
	return r == upstreamDown || r == upstreamSilent || r == upstreamOdd || r == keyUnknown || r == keyForbidden
}
