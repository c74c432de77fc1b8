package proxy

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"lectern/proxy/report"
	"lectern/proxy/token"
)

// TestAFloodOfRefusalsIsOneEvent: a minute's worth, for each session and reason.
func TestAFloodOfRefusalsIsOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g fakeGateway
		c := &tally{tell: func(e report.Event) { g.Tell(e) }}
		begun := time.Now()
		for range 1000 {
			c.add(tooFast, report.Event{Session: "s1", At: time.Now()})
			time.Sleep(time.Millisecond)
		}
		c.add(badTool, report.Event{Session: "s1"})
		c.add(tooFast, report.Event{Session: "s2"})
		if told := g.told(); len(told) > 0 {
			t.Errorf("told at once: %+v", told)
		}
		time.Sleep(sumEvery)
		synctest.Wait()
		told := g.told()
		if len(told) != 3 {
			t.Fatalf("%d events", len(told))
		}
		at := slices.IndexFunc(told, func(e report.Event) bool { return e.Session == "s1" && e.Refused.Reason == "rate" })
		if at < 0 || told[at].Refused.Count != 1000 || !told[at].At.Equal(begun) {
			t.Errorf("told: %+v", told)
		}
		c.add(tooFast, report.Event{Session: "s1"})
		c.close()
		if told = g.told(); len(told) != 4 || told[3].Refused.Count != 1 {
			t.Errorf("the rest is told as %+v", told[3:])
		}
	})
}

// told is all that was told until now.
func (g *fakeGateway) told() []report.Event {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.events)
}

// TestWhichRefusalsAreTold: those of which it is sure whose they are.
func TestWhichRefusalsAreTold(t *testing.T) {
	l := newLab(t, nil)
	token := l.token(func(c *token.Claims) { c.Login = "bo" })
	for range 3 {
		l.raw(rawRequest{body: `{"model":"m","tools":[{"name":"Secret words","input_schema":{}}],"messages":[]}`}.text(token))
	}
	l.raw(rawRequest{body: okBody, headers: []string{"X-Api-Key: nonsense"}}.text(""))
	l.upstream.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) })
	l.raw(rawRequest{body: okBody}.text(token))
	l.proxy.running.Wait()
	l.proxy.tally.close()
	if len(l.gateway.events) != 1 {
		t.Fatalf("told: %+v", l.gateway.events)
	}
	e := l.gateway.events[0]
	if e.Refused == nil || *e.Refused != (report.Refused{Reason: "tool", Count: 3}) || e.Login != "bo" || e.Session != claims().Session || e.ID == "" || e.Completed != nil || e.Used != nil {
		t.Errorf("told: %+v, %+v", e, e.Refused)
	}
}
