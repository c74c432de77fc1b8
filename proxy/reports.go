package proxy

import (
	"context"
	"time"

	"lectern/proxy/report"
	"lectern/proxy/stream"
)

// recordLimit is how long what completes a stage is held back from the learner
// until it is on the gateway's disk. After that it stays to be told.
const recordLimit = 2 * time.Second

// answered is what became known of an answer while it passed.
type answered struct {
	upstreamID string
	first      time.Duration // until the first event
	usage      report.Usage
	outcome    stream.Outcome
	broken     error // why it was not passed on to its end
}

// hear follows an answer on its way to the client.
func (p *Proxy) hear(ctx context.Context, c *call) stream.Hear {
	return stream.Hear{
		First: func() { c.answer.first = time.Since(c.started) },
		Completed: func(stage int) {
			e := p.event(c)
			e.Completed = &report.Completed{Stage: stage}
			p.log.Info("the model calls a stage complete", "login", e.Login, "session", e.Session, "course", e.Course, "stage", stage)
			limit := time.NewTimer(recordLimit)
			defer limit.Stop()
			select {
			case <-p.Reporter.Tell(e):
			case <-ctx.Done():
			case <-limit.C:
				p.log.Warn("the gateway has not recorded a completed stage yet; the report is repeated", "login", e.Login, "course", e.Course, "stage", stage)
			}
		},
		Done: func(usage report.Usage, outcome stream.Outcome) {
			c.answer.usage, c.answer.outcome = usage, outcome
			if usage.Input|usage.Output|usage.CacheRead|usage.CacheWrite == 0 {
				return
			}
			p.budget.add(c.claims.Login, usage.Charged())
			e := p.event(c)
			e.Used = &usage
			p.Reporter.Tell(e)
		},
	}
}

func (p *Proxy) event(c *call) report.Event {
	return report.Event{
		ID: randomHex(16), At: time.Now().UTC(),
		Login: c.claims.Login, Session: c.claims.Session, Course: c.claims.Course, Stage: c.claims.Stage,
	}
}
