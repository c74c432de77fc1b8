package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"lectern/gateway/auth"
	"lectern/progress"
	"lectern/sandbox"
)

// metrics are what Prometheus asks for. Every label is from a fixed set of this
// program's own words: none has anything in it that a client, a sandbox or the
// proxy has said. docs/metrics.md lists them all.
type metrics struct {
	admitted        prometheus.Counter
	turnedAway      tally[bound]
	noHandshake     prometheus.Counter
	signedIn        tally[auth.Via]
	refused         tally[auth.Reason]
	sessions        *prometheus.GaugeVec
	sessionsRefused tally[bound]

	waits    prometheus.Histogram
	starts   prometheus.Histogram
	phases   *prometheus.HistogramVec
	failures tally[failure]

	attaches  tally[joining]
	attach    prometheus.Histogram
	takeovers prometheus.Counter
	bytes     *prometheus.CounterVec

	reaped    tally[orphan]
	ended     tally[sandbox.Ending]
	died      tally[sandbox.Cause]
	completed tally[progress.Evidence]
	reports   tally[reported]
	dropped   prometheus.Counter
}

// The buckets: what a learner waits for, in seconds.
var (
	startBuckets  = []float64{.1, .25, .5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120}
	attachBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
	waitBuckets   = []float64{.1, .5, 1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200}
)

func newMetrics() *metrics {
	m := &metrics{
		admitted:    counter("connections_total", "SSH connections let in."),
		turnedAway:  newTally("connections_refused_total", "SSH connections turned away, by the bound that was reached.", "bound", ofAll, ofAddress, ofLearner),
		noHandshake: counter("handshakes_failed_total", "SSH connections that ended before a key was asked for."),
		signedIn: newTally("authentications_total", "Sign-ins, by where the key was found.", "via",
			auth.ViaGitHub, auth.ViaAuthorizedKeys, auth.ViaEnrolled, auth.ViaLocal, auth.ViaPage),
		refused: newTally("authentications_refused_total", "Connections whose keys were all refused, by the reason of the last one.", "reason",
			auth.UnknownKey, auth.NoKey, auth.KeyNotListed, auth.LoginNotAllowed, auth.NoSuchAccount,
			auth.GitHubUnreachable, auth.TryAgain, auth.BadKey, auth.NotAdmin, auth.BadLogin, notLookedUp),
		sessions: prometheus.NewGaugeVec(prometheus.GaugeOpts(opts("sessions", "Open SSH sessions, by what they show.")), []string{"kind"}),
		sessionsRefused: newTally("sessions_refused_total", "SSH sessions refused, by the bound that was reached.", "bound",
			ofAll, ofConnection, ofLearner),

		waits:  prometheus.NewHistogram(seconds("queue_wait_seconds", "Time in the queue for a place.", waitBuckets)),
		starts: prometheus.NewHistogram(seconds("start_seconds", "Time from the end of the queue to a sandbox that is ready.", startBuckets)),
		phases: prometheus.NewHistogramVec(seconds("start_phase_seconds", "Time in one phase of a start, also of one that failed.", startBuckets), []string{"phase"}),
		failures: newTally("start_failures_total", "Starts that came to no sandbox, by kind.", "kind",
			noRoom, unavailable, cancelled, fault),

		attaches:  newTally("attaches_total", "Terminals joined to sandboxes, by how they came there.", "how", firstJoin, joinedAgain, mended),
		attach:    prometheus.NewHistogram(seconds("attach_seconds", "Time from joining a sandbox to its first output.", attachBuckets)),
		takeovers: counter("takeovers_total", "Terminals that lost their sandbox to a newer connection of the learner."),
		bytes:     prometheus.NewCounterVec(prometheus.CounterOpts(opts("terminal_bytes_total", "Bytes between learners and sandboxes.")), []string{"direction"}),

		reaped: newTally("sandboxes_reaped_total", "Sandboxes ended because nobody came back, or because they no longer answered.", "state",
			leftAlone, fellSilent),
		ended: newTally("sandboxes_ended_total", "Sandboxes that have ended, by how.", "ending",
			sandbox.Exited, sandbox.Signalled, sandbox.Killed, sandbox.Stopped, sandbox.LifeOver, sandbox.Idle, sandbox.Lost, otherWord),
		died: newTally("sandboxes_died_total", "Sandboxes that have ended against the will of those whom they are for, by cause.", "cause",
			sandbox.OutOfMemory, sandbox.Evicted, sandbox.HostLost, sandbox.Deleted, sandbox.Unknown),
		completed: newTally("stages_completed_total", "Stages recorded as complete, by what shows it.", "evidence",
			progress.Quiz, progress.Model, progress.Admin, progress.Terminal),
		reports: newTally("proxy_reports_total", "Events received from the API proxy, by kind.", "kind", reportedStage, reportedTokens, reportedRefusal, reportedOdd),
		dropped: counter("proxy_reports_dropped_total", "Events of the API proxy that made no sense and were dropped."),
	}
	for _, kind := range []sessionKind{inPicker, inSandbox, inCommand, asAdmin} {
		m.sessions.WithLabelValues(string(kind))
	}
	for _, phase := range startPhases {
		m.phases.WithLabelValues(string(phase))
	}
	for _, direction := range []direction{typed, shown} {
		m.bytes.WithLabelValues(string(direction))
	}
	return m
}

// register makes all of them known to a registry. One that is nil gets none,
// and they count all the same.
func (m *metrics) register(to prometheus.Registerer, more ...prometheus.Collector) error {
	if to == nil {
		return nil
	}
	all := append([]prometheus.Collector{
		m.admitted, m.turnedAway, m.noHandshake, m.signedIn, m.refused, m.sessions, m.sessionsRefused,
		m.waits, m.starts, m.phases, m.failures, m.attaches, m.attach, m.takeovers, m.bytes,
		m.reaped, m.ended, m.died, m.completed, m.reports, m.dropped,
	}, more...)
	for _, c := range all {
		if err := to.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func opts(name, help string) prometheus.Opts {
	return prometheus.Opts{Namespace: "lectern", Subsystem: "gateway", Name: name, Help: help}
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts(opts(name, help)))
}

func seconds(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Namespace: "lectern", Subsystem: "gateway", Name: name, Help: help, Buckets: buckets}
}
