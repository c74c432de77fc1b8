package gateway

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/sandbox"
)

// gauges are the metrics that are looked up when Prometheus asks: they are true
// of all sandboxes, whichever process has made them.
type gauges struct {
	server *Server

	up, open, places, queue, sandboxes, spent *prometheus.Desc
}

func newGauges(s *Server) *gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName("lectern", "gateway", name), help, labels, nil)
	}
	return &gauges{
		server:    s,
		up:        desc("backend_up", "Whether the backend has told of its sandboxes when it was asked last (1) or not (0)."),
		open:      desc("connections", "Open SSH connections."),
		places:    desc("places", "How many sandboxes may live at once."),
		queue:     desc("queue_length", "Learners who wait for a place."),
		sandboxes: desc("sandboxes", "Live sandboxes, by state. They are not known while the backend does not answer.", "state"),
		spent:     desc("learners_short_of_tokens", "Learners who have today less than a fifth of their tokens left, or none.", "left"),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.up, g.open, g.places, g.queue, g.sandboxes, g.spent} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	s := g.server
	tell := func(d *prometheus.Desc, value int, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	tell(g.open, s.connections.open())
	tell(g.places, s.MaxSessions)
	tell(g.queue, s.lifecycle.Waiting())
	if little, none, err := s.shortOfTokens(); err == nil {
		tell(g.spent, little, "little")
		tell(g.spent, none, "none")
	}
	live, err := s.census.take(context.Background()) // bounds itself
	if err != nil {
		tell(g.up, 0)
		return
	}
	tell(g.up, 1)
	counts := make(map[sandboxState]int)
	for _, info := range live {
		counts[stateOf(info)]++
	}
	for _, state := range []sandboxState{connected, detached, silent} {
		tell(g.sandboxes, counts[state], string(state))
	}
}

// shortOfTokens counts the learners who have used more than four fifths of
// what they may in a day, and those who have used all of it.
func (s *Server) shortOfTokens() (little, none int, err error) {
	if s.TokensPerDay <= 0 {
		return 0, 0, nil
	}
	used, err := s.Progress.UsedToday()
	for _, t := range used {
		switch left := s.TokensPerDay - charged(t); {
		case left <= 0:
			none++
		case left < s.TokensPerDay/5:
			little++
		}
	}
	return little, none, err
}

func stateOf(info sandbox.Info) sandboxState {
	switch {
	case info.Silent:
		return silent
	case info.Attached:
		return connected
	}
	return detached
}
