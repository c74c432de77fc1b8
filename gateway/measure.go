package gateway

import (
	"context"
	"errors"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"lectern/gateway/auth"
	"lectern/proxy/report"
	"lectern/sandbox"
)

// countFailed counts a connection that nobody has signed in on: by the last
// key's refusal, or, where no key was asked for yet, as none of ours.
func (m *metrics) countFailed(err error) {
	var failed *gossh.ServerAuthError
	if !errors.As(err, &failed) {
		m.noHandshake.Inc()
		return
	}
	reason := auth.NoKey
	for _, err := range failed.Errors {
		var denied *auth.Denied
		switch {
		case errors.As(err, &denied):
			reason = denied.Reason
		case errors.Is(err, errNotLookedUp):
			reason = notLookedUp
		}
	}
	m.refused.count(reason)
}

// countWait, countStart and countReaped are told by the sandboxes' life
// (sandbox.Rules). None looks at whose they are.
func (m *metrics) countWait(_ sandbox.Spec, d time.Duration) { m.waits.Observe(d.Seconds()) }

func (m *metrics) countStart(_ sandbox.Spec, steps []sandbox.Step, err error) {
	var took time.Duration
	inPhase := make(map[sandbox.PhaseKind]time.Duration)
	for _, step := range steps {
		took += step.Took
		inPhase[step.Kind] += step.Took // a phase may come again, as in a second try
	}
	for _, phase := range startPhases {
		if d, ok := inPhase[phase]; ok {
			m.phases.WithLabelValues(string(phase)).Observe(d.Seconds())
		}
	}
	switch {
	case err != nil:
		m.failures.count(failureOf(err))
	case len(steps) > 0: // else it was there
		m.starts.Observe(took.Seconds())
	}
}

func failureOf(err error) failure {
	var not *sandbox.Unavailable
	switch {
	case errors.As(err, &not) && not.Full:
		return noRoom
	case errors.As(err, &not):
		return unavailable
	case errors.Is(err, context.Canceled):
		return cancelled
	}
	return fault
}

// countEnd counts the end of a sandbox.
func (m *metrics) countEnd(exit sandbox.Exit) {
	m.ended.count(exit.Ending)
	if by, died := exit.Died(); died {
		m.died.count(by)
	}
}

func reportedBy(e report.Event) reported {
	switch {
	case e.Completed != nil && e.Used == nil && e.Refused == nil:
		return reportedStage
	case e.Used != nil && e.Completed == nil && e.Refused == nil:
		return reportedTokens
	case e.Refused != nil && e.Completed == nil && e.Used == nil:
		return reportedRefusal
	}
	return reportedOdd
}

func (m *metrics) countReaped(of sandbox.Info) {
	if of.Silent {
		m.reaped.count(fellSilent)
		return
	}
	m.reaped.count(leftAlone)
}
