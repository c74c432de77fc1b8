package gateway

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/sandbox"
)

// TestMetricsOfTheAdmin: what an admin does is apart from what learners do.
func TestMetricsOfTheAdmin(t *testing.T) {
	m := newMetrics()
	s := &session{server: &Server{Options: Options{AdminLogin: "admin"}, metrics: m}, user: "Admin"}
	back := s.shows(s.cameAs())
	backFromPicker := s.shows(inPicker)
	registry := prometheus.NewRegistry()
	if err := m.register(registry); err != nil {
		t.Fatal(err)
	}
	expectSeries(t, registry, map[string]float64{`sessions{kind="admin"}`: 1, `sessions{kind="picker"}`: 0})
	backFromPicker()
	expectSeries(t, registry, map[string]float64{`sessions{kind="admin"}`: 1})
	back()
	expectSeries(t, registry, map[string]float64{`sessions{kind="admin"}`: 0})
}

// TestMetricsOfStarts: each phase counts as long as it took, in whichever try,
// and what failed is told apart by kind.
func TestMetricsOfStarts(t *testing.T) {
	m, registry := newMetrics(), prometheus.NewRegistry()
	if err := m.register(registry); err != nil {
		t.Fatal(err)
	}
	steps := []sandbox.Step{
		{Kind: sandbox.Scheduling, Took: time.Second}, {Kind: sandbox.Pulling, Took: 2 * time.Second},
		{Kind: sandbox.Scheduling, Took: time.Second}, {Kind: "sleeping", Took: 5 * time.Second},
	}
	m.countStart(sandbox.Spec{}, steps, nil)
	m.countStart(sandbox.Spec{}, steps[:1], &sandbox.Unavailable{Full: true})
	m.countStart(sandbox.Spec{}, nil, fmt.Errorf("so: %w", &sandbox.Unavailable{}))
	m.countStart(sandbox.Spec{}, nil, fmt.Errorf("so: %w", context.Canceled))
	m.countStart(sandbox.Spec{}, nil, errors.New("a disk"))
	m.countReaped(sandbox.Info{})
	m.countReaped(sandbox.Info{Silent: true})
	m.countReaped(sandbox.Info{Silent: true})
	m.countStart(sandbox.Spec{}, nil, nil) // nothing had to be made
	m.countWait(sandbox.Spec{}, time.Second)
	expectSeries(t, registry, map[string]float64{
		"start_seconds": 1, `start_phase_seconds{phase="scheduling"}`: 2, `start_phase_seconds{phase="pulling"}`: 1, `start_phase_seconds{phase="copying"}`: 0,
		`start_failures_total{kind="full"}`: 1, `start_failures_total{kind="unavailable"}`: 1, `start_failures_total{kind="cancelled"}`: 1,
		`start_failures_total{kind="fault"}`: 1, `sandboxes_reaped_total{state="alone"}`: 1, `sandboxes_reaped_total{state="silent"}`: 2,
		"queue_wait_seconds": 1,
	})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		switch family.GetName() {
		case "lectern_gateway_start_seconds":
			if sum := family.GetMetric()[0].GetHistogram().GetSampleSum(); sum != 9 {
				t.Errorf("the start took %v s, want 9", sum)
			}
		case "lectern_gateway_start_phase_seconds":
			for _, phase := range family.GetMetric() {
				if sum := phase.GetHistogram().GetSampleSum(); phase.GetLabel()[0].GetValue() == "scheduling" && sum != 3 {
					t.Errorf("scheduling took %v s, want 3", sum)
				}
			}
		}
	}
}

func TestMetricsOfEnds(t *testing.T) {
	m, registry := newMetrics(), prometheus.NewRegistry()
	if err := m.register(registry); err != nil {
		t.Fatal(err)
	}
	for _, exit := range []sandbox.Exit{
		{Ending: sandbox.Exited}, {Ending: sandbox.Killed}, {Ending: sandbox.Killed, Cause: sandbox.Deleted},
		{Ending: sandbox.Lost}, {Ending: sandbox.Lost, Cause: sandbox.OutOfMemory}, {Ending: sandbox.LifeOver},
	} {
		m.countEnd(exit)
	}
	expectSeries(t, registry, map[string]float64{
		`sandboxes_ended_total{ending="exited"}`: 1, `sandboxes_ended_total{ending="killed"}`: 2, `sandboxes_ended_total{ending="lost"}`: 2,
		`sandboxes_ended_total{ending="life-over"}`: 1, `sandboxes_ended_total{ending="idle"}`: 0,
		`sandboxes_died_total{cause="deleted"}`: 1, `sandboxes_died_total{cause="unknown"}`: 1, `sandboxes_died_total{cause="out-of-memory"}`: 1,
		`sandboxes_died_total{cause="evicted"}`: 0,
	})
}
