package proxy

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"lectern/proxy/report"
	"lectern/proxy/stream"
)

func TestCompletedIsToldBeforeTheLearnerSees(t *testing.T) {
	l := newLab(t, nil)
	c := &call{claims: claims(), started: time.Now()}
	l.proxy.hear(t.Context(), c).Completed(2)
	if len(l.gateway.events) != 1 {
		t.Fatalf("%d events", len(l.gateway.events))
	}
	e := l.gateway.events[0]
	if e.Completed == nil || e.Completed.Stage != 2 || e.Used != nil || len(e.ID) != 32 || e.At.IsZero() ||
		e.Login != "ada" || e.Session != claims().Session || e.Course != "ssh" || e.Stage != 2 {
		t.Errorf("told: %+v", e)
	}
}

// deaf takes reports and never has them recorded.
type deaf struct{}

func (deaf) Tell(report.Event) <-chan struct{} { return nil }

func TestAGatewayThatIsDownHoldsNobodyLong(t *testing.T) {
	p := newLab(t, func(o *Options) { o.Reporter = deaf{} }).proxy
	synctest.Test(t, func(t *testing.T) {
		c := &call{claims: claims(), started: time.Now()}
		before := time.Now()
		p.hear(t.Context(), c).Completed(2)
		if waited := time.Since(before); waited != recordLimit {
			t.Errorf("held back for %s", waited)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		before = time.Now()
		p.hear(gone, c).Completed(2)
		if waited := time.Since(before); waited != 0 {
			t.Errorf("held back for %s from a client that has gone", waited)
		}
	})
}

func TestUsageIsToldAndCounted(t *testing.T) {
	l := newLab(t, func(o *Options) { o.TokensPerDay, o.Models = 100, []string{"claude-x"} })
	c := &call{claims: claims(), started: time.Now(), route: messages, status: http.StatusOK}
	if refused := l.proxy.budget.check(t.Context(), "ada"); refused != nil {
		t.Fatal(refused.message)
	}
	used := report.Usage{Model: "claude-x", Input: 40, Output: 50, CacheRead: 1000, CacheWrite: 10}
	hear := l.proxy.hear(t.Context(), c)
	hear.Done(used, stream.Cut)
	if len(l.gateway.events) != 1 || l.gateway.events[0].Used == nil || *l.gateway.events[0].Used != used {
		t.Errorf("told: %+v", l.gateway.events)
	}
	if refused := l.proxy.budget.check(t.Context(), "ada"); refused == nil {
		t.Error("what was used does not count")
	}
	l.proxy.hear(t.Context(), c).Done(report.Usage{Model: "claude-x"}, stream.Whole)
	if len(l.gateway.events) != 1 {
		t.Error("an answer that cost nothing is told")
	}
	c.answer.usage = used
	l.proxy.note(c)
	c.answer.usage.Model = "somebody's word"
	l.proxy.note(c)
	for kind, want := range map[string]float64{"input": 40, "output": 50, "cache_read": 1000, "cache_write": 10} {
		for _, model := range []string{"claude-x", otherModel} {
			if got := testutil.ToFloat64(l.proxy.metrics.tokens.WithLabelValues(model, kind)); got != want {
				t.Errorf("%s tokens of %s: %v", kind, model, got)
			}
		}
	}
}

// TestNoMetricHasAClientsWords: whatever is asked, in whatever words.
func TestNoMetricHasAClientsWords(t *testing.T) {
	l := newLab(t, nil)
	const word = "zzyzx"
	for _, request := range []rawRequest{
		{line: "POST /" + word + " HTTP/1.1"}, {line: word + " /v1/messages HTTP/1.1"},
		{line: "POST /v1/messages?" + word + " HTTP/1.1"}, {headers: []string{"X-Api-Key: " + word}},
		{body: `{"model":"` + word + `"}`}, {body: `{"` + word + `":1,"messages":[{"role":"user","content":"` + word + `"}]}`},
		{body: `{"tools":[{"name":"` + word + `"}]}`}, {headers: []string{auth, "Anthropic-Beta: " + word, "User-Agent: " + word}, body: okBody},
	} {
		l.raw(request.text(l.token(nil)))
	}
	l.proxy.running.Wait() // a request is counted when its answer is out already
	families, err := l.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	requests := 0.0
	for _, family := range families {
		if strings.Contains(family.String(), word) {
			t.Errorf("it is in %s", family)
		}
		for _, m := range family.Metric {
			if family.GetName() == "lectern_proxy_requests_total" {
				requests += m.GetCounter().GetValue()
			}
		}
	}
	if requests != 8 {
		t.Errorf("%v requests are counted", requests)
	}
	if strings.Contains(l.log.String(), word) {
		t.Errorf("it is in the log: %s", l.log)
	}
}

// TestShutdown lets an answer come to its end, takes no new request, and ends
// by force what takes too long.
func TestShutdown(t *testing.T) {
	for name, patient := range map[string]bool{"in peace": true, "by force": false} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, nil)
			goOn := make(chan struct{})
			l.upstream.answers(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, "event: ping\n\n")
				w.(http.Flusher).Flush()
				select {
				case <-goOn:
					_, _ = io.WriteString(w, "event: message_stop\n\n")
				case <-r.Context().Done():
				}
			})
			res, err := l.post(okBody, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			limit, cancel := context.WithCancel(t.Context())
			defer cancel()
			down := make(chan error, 1)
			go func() { down <- l.proxy.Shutdown(limit) }()
			if patient {
				close(goOn)
			} else {
				cancel()
			}
			text, err := io.ReadAll(res.Body)
			if whole := err == nil && strings.Contains(string(text), "message_stop"); whole != patient {
				t.Errorf("the answer is %q, %v", text, err)
			}
			if err := <-down; err != nil {
				t.Error(err)
			}
			if _, err := l.post(okBody, nil); err == nil {
				t.Error("a request is taken afterwards")
			}
		})
	}
}
