package gateway

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/sandbox"
)

// gauges are the metrics that are looked up when Prometheus asks: they are true
// of all sandboxes, whichever process has made them.
type gauges struct {
	server *Server

	up, door, open, places, queue, oldest, starting, sandboxes, spent *prometheus.Desc
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
		door:      desc("door_closed", "Whether learners without a sandbox are refused (1) or not (0)."),
		queue:     desc("queue_length", "Learners who wait for a place."),
		oldest:    desc("queue_oldest_seconds", "How long the first of those who wait has been on the way; 0 if nobody waits."),
		starting:  desc("starts_in_progress", "Sandboxes that are being made."),
		sandboxes: desc("sandboxes", "Live sandboxes, by state. They are not known while the backend does not answer.", "state"),
		spent:     desc("learners_short_of_tokens", "Learners who have today less than a fifth of their tokens left, or none.", "left"),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.up, g.door, g.open, g.places, g.queue, g.oldest, g.starting, g.sandboxes, g.spent} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	s := g.server
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	_, closed := s.lifecycle.Door()
	tell(g.door, map[bool]float64{true: 1}[closed])
	tell(g.open, float64(s.connections.open()))
	tell(g.places, float64(s.MaxSessions))
	waiting, starting, oldest := onTheWay(s.lifecycle.Arrivals())
	tell(g.queue, waiting)
	tell(g.oldest, oldest.Seconds())
	tell(g.starting, starting)
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
	counts := make(map[sandboxState]float64)
	for _, info := range live {
		counts[stateOf(info)]++
	}
	for _, state := range []sandboxState{connected, detached, silent} {
		tell(g.sandboxes, counts[state], string(state))
	}
}

// onTheWay counts the learners who wait, for a place or for room, and those whose
// sandbox is being made, each once from however many terminals, and tells how long
// ago the first who waits has come.
func onTheWay(arrivals []sandbox.Arrival) (waiting, starting float64, oldest time.Duration) {
	known := make(map[string]bool, len(arrivals))
	for _, a := range arrivals {
		if known[a.Login] {
			continue
		}
		known[a.Login] = true
		if a.Phase.Kind != sandbox.Queued {
			starting++
			continue
		}
		waiting++
		oldest = max(oldest, time.Since(a.Since))
	}
	return waiting, starting, oldest
}

// shortOfTokens counts the learners who have used more than four fifths of
// what they may in a day, and those who have used all of it.
func (s *Server) shortOfTokens() (little, none float64, err error) {
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
