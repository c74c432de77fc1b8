package web

import "github.com/prometheus/client_golang/prometheus"

// metrics are what Prometheus asks for. Every label is from a fixed set of this
// program's own words. docs/metrics.md lists them all.
type metrics struct {
	signIns    *prometheus.CounterVec
	turnedAway *prometheus.CounterVec
	sockets    prometheus.GaugeFunc
	bytes      *prometheus.CounterVec
}

// The values of the labels. Directions are seen from the gateway.
const (
	signInDone    = "done"
	signInRefused = "refused" // the link was used, too old, or never there
	signInLimited = "limited" // and too many of those had come from that address

	ofAll     = "all"     // too many connections
	ofAddress = "address" // too many from theirs

	fromPage = "in"
	toPage   = "out"
)

func newMetrics(open func() int) *metrics {
	m := &metrics{
		signIns:    prometheus.NewCounterVec(prometheus.CounterOpts(opts("signins_total", "Links that browsers came with, by what became of them.")), []string{"result"}),
		turnedAway: prometheus.NewCounterVec(prometheus.CounterOpts(opts("connections_refused_total", "Connections that were one too many, by of what.")), []string{"bound"}),
		sockets:    prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("sockets", "Open WebSockets.")), func() float64 { return float64(open()) }),
		bytes:      prometheus.NewCounterVec(prometheus.CounterOpts(opts("bytes_total", "Bytes of messages on WebSockets.")), []string{"direction"}),
	}
	for _, result := range []string{signInDone, signInRefused, signInLimited} {
		m.signIns.WithLabelValues(result)
	}
	for _, bound := range []string{ofAll, ofAddress} {
		m.turnedAway.WithLabelValues(bound)
	}
	for _, direction := range []string{fromPage, toPage} {
		m.bytes.WithLabelValues(direction)
	}
	return m
}

// register makes all of them known to a registry; one that is nil gets none.
func (m *metrics) register(to prometheus.Registerer) error {
	if to == nil {
		return nil
	}
	for _, c := range []prometheus.Collector{m.signIns, m.turnedAway, m.sockets, m.bytes} {
		if err := to.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func opts(name, help string) prometheus.Opts {
	return prometheus.Opts{Namespace: "lectern", Subsystem: "page", Name: name, Help: help}
}
