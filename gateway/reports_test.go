package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/course"
	"lectern/progress"
	"lectern/proxy/report"
	"lectern/sandbox"
)

var _ report.Gateway = (*Server)(nil)

// threeStages makes the only course one of three stages.
func threeStages(o *Options) {
	only := o.Courses.All()[0]
	only.Stages = nil
	for n := range 3 {
		only.Stages = append(only.Stages, course.Stage{
			Number: n + 1, Title: fmt.Sprint("Step ", n+1), Concepts: []course.Concept{{ID: "c", Title: "C"}},
		})
	}
	only.Stages[0].Title = "Only stage"
	o.Courses = course.NewCatalogue([]course.Course{only})
}

func said(stage, marker int) report.Event {
	return report.Event{
		ID: fmt.Sprint("e", stage, marker), At: time.Now(), Login: "ada", Session: "s", Course: "only", Stage: stage,
		Completed: &report.Completed{Stage: marker},
	}
}

func (l *lab) records(events ...report.Event) {
	l.t.Helper()
	if err := l.server.Record(l.t.Context(), events); err != nil {
		l.t.Fatal(err)
	}
}

func TestWhichMarkersCount(t *testing.T) {
	for name, c := range map[string]struct {
		event  report.Event
		unlock course.Unlock
		before []int // stages that are done
		counts bool
	}{
		"its own stage":                {event: said(1, 1), counts: true},
		"another stage":                {event: said(1, 2)},
		"a stage before":               {event: said(2, 1), before: []int{1}},
		"a locked stage":               {event: said(2, 2)},
		"a stage that has opened":      {event: said(2, 2), before: []int{1}, counts: true},
		"any stage where all are open": {event: said(3, 3), unlock: course.AnyOrder, counts: true},
		"the course in its last stage": {event: said(3, 0), before: []int{1, 2}, counts: true},
		"the course in another stage":  {event: said(2, 0), before: []int{1}},
		"the course in a locked stage": {event: said(3, 0)},
		"no stage":                     {event: said(0, 0)},
		"a stage that is not there":    {event: said(4, 4), before: []int{1, 2, 3}},
		"a negative stage":             {event: said(-1, -1)},
		"an unknown course":            {event: func() report.Event { e := said(1, 1); e.Course = "none"; return e }()},
		"a login that is none":         {event: func() report.Event { e := said(1, 1); e.Login = "a\x1bb"; return e }()},
		"no login":                     {event: func() report.Event { e := said(1, 1); e.Login = ""; return e }()},
		"both kinds of event":          {event: func() report.Event { e := said(1, 1); e.Used = &report.Usage{}; return e }()},
		"no kind of event":             {event: report.Event{ID: "e", Login: "ada", Course: "only", Stage: 1}},
		"tokens of a use that is none": {event: report.Event{ID: "e", Login: "ada", Used: &report.Usage{Output: -1}}},
		"tokens without an ID":         {event: report.Event{Login: "ada", Used: &report.Usage{Output: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			var log lockedLog
			l := newLab(t, func(o *Options) {
				threeStages(o)
				o.Unlock = c.unlock
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
			})
			for _, stage := range c.before {
				l.records(said(stage, stage))
			}
			earlier := len(log.String())
			l.records(c.event)
			lines := strings.Count(log.String()[earlier:], "\n")
			if lines != 1 {
				t.Errorf("the log has %d lines about it: %s", lines, log.String()[earlier:])
			}
			stages, err := l.server.Progress.Course("ada", "only")
			if err != nil {
				t.Fatal(err)
			}
			want := len(c.before)
			if c.counts {
				want++
			}
			if len(stages) != want {
				t.Fatalf("recorded are %+v, want %d", stages, want)
			}
			if r := recordOf(stages, c.event.Stage); c.counts && (r.Evidence != progress.Model || r.Session != "s" || r.CompletedAt.IsZero()) {
				t.Errorf("recorded is %+v", r)
			}
		})
	}
}

// lockedLog is a log that is read while it is written.
type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestQuizIsStronger: what a model says takes nothing from a graded quiz.
func TestQuizIsStronger(t *testing.T) {
	l := newLab(t, threeStages)
	quiz := progress.Record{Login: "ada", Course: "only", Stage: 1, CompletedAt: time.Now(), Session: "q", Evidence: progress.Quiz, Score: 2, Questions: 2}
	if _, err := l.server.Progress.Complete(quiz); err != nil {
		t.Fatal(err)
	}
	l.records(said(1, 1), said(1, 1))
	records, err := l.server.Progress.Course("ada", "only")
	if err != nil || len(records) != 1 || records[0].Evidence != progress.Quiz || records[0].Session != "q" {
		t.Errorf("recorded is %+v, %v", records, err)
	}
}

// TestReportsAreRetriedWhenTheStoreFails: the proxy must hear of it.
func TestReportsAreRetriedWhenTheStoreFails(t *testing.T) {
	l := newLab(t, threeStages)
	broken, err := progress.Open(l.dir+"/broken.db", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
	s := &Server{Options: l.server.Options, metrics: newMetrics(), log: slog.New(slog.DiscardHandler)}
	s.Progress = broken
	uses := report.Event{ID: "u", Login: "ada", Used: &report.Usage{Output: 1}}
	for name, e := range map[string]report.Event{"a completed stage": said(1, 1), "used tokens": uses} {
		if err := s.Record(t.Context(), []report.Event{e}); err == nil {
			t.Errorf("%s: nothing is stored, and nobody hears of it", name)
		}
	}
	if _, err := s.ChargedToday(t.Context(), "ada"); err == nil {
		t.Error("a budget that cannot be read counts as unused")
	}
}

func TestTokensAreCountedAndCharged(t *testing.T) {
	l := newLab(t, func(o *Options) { o.TokensPerDay = 1500 })
	output := func(command string) string {
		t.Helper()
		session, err := l.dial().NewSession()
		if err != nil {
			t.Fatal(err)
		}
		out, err := session.Output(command)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if got := output("progress") + output("progress --json"); strings.Contains(strings.ToLower(got), "token") {
		t.Errorf("of tokens that nobody has used it says %s", got)
	}
	use := report.Event{ID: "u1", At: time.Now(), Login: "ada", Used: &report.Usage{Model: "m", Input: 1000, Output: 200, CacheRead: 9000, CacheWrite: 34}}
	old := use
	old.ID, old.At = "u2", time.Now().AddDate(0, 0, -2)
	l.records(use, said(1, 1), use, old)
	if today, err := l.server.ChargedToday(t.Context(), "Ada"); err != nil || today != 1234 {
		t.Errorf("charged today are %d, %v", today, err)
	}
	if got := output("progress"); !strings.HasSuffix(got, "\nTokens: 1,234 today, 2,468 in all. Today 266 are left.\n") {
		t.Errorf("progress says %q", got)
	}
	var answer struct {
		Tokens struct {
			Today, Total      map[string]int64
			PerDay, LeftToday int64
		}
	}
	if err := json.Unmarshal([]byte(output("progress --json")), &answer); err != nil {
		t.Fatal(err)
	}
	tokens := answer.Tokens
	if tokens.Today["charged"] != 1234 || tokens.Total["charged"] != 2468 || tokens.Total["cacheRead"] != 18_000 ||
		tokens.Today["input"] != 1000 || tokens.PerDay != 1500 || tokens.LeftToday != 266 {
		t.Errorf("progress --json has %+v", tokens)
	}
	c := open(t, l.dial(), "")
	c.shows("1.2k of 1.5k tokens today")

	use.ID = "u3"
	l.records(use)
	if got := output("progress"); !strings.HasSuffix(got, " None are left until midnight UTC.\n") {
		t.Errorf("progress says %q", got)
	}
	open(t, l.dial(), "").shows("no tokens left today")
}

// TestLearnerSeesACompletedStage: at once in the sandbox, in the tutor's own
// text, and in the picker behind it.
func TestLearnerSeesACompletedStage(t *testing.T) {
	l := newLab(t, threeStages)
	c := open(t, l.dial(), "")
	c.enter()
	c.types("say [STAGE_COMPLETE:1]\r")
	c.expect(`said \[STAGE_COMPLETE:1\]`) // typed, and so it stays
	sb, ok, err := l.server.Backend.Find(t.Context(), "ada")
	if err != nil || !ok {
		t.Fatalf("no sandbox: %v", err)
	}
	e := said(1, 1)
	e.Session = sb.Made().Session
	l.records(e, e)
	c.expect("\x1b]2;✓ Stage 1 complete\x07\x07")
	c.types("say [STAGE_COMPLETE:1] and [STAGE_COMPLETE:2]\r")
	c.expect(`said ✓ stage 1 complete and \[STAGE_COMPLETE:2\]`)
	c.types("exit 0\r")
	c.shows("Stage 1 complete. Well done.")
	if err := l.stop(); err != nil { // waits for what is told
		t.Error(err)
	}
	if n := strings.Count(c.screen.All(), "✓ Stage 1 complete\x07"); n != 1 {
		t.Errorf("it was told %d times", n)
	}
}

// attentive is a sandbox that notes what it is told, and the Backend that has no
// other.
type attentive struct {
	sandbox.Backend
	sandbox.Sandbox
	told []string
}

func (a *attentive) Find(context.Context, string) (sandbox.Sandbox, bool, error) { return a, true, nil }
func (a *attentive) Made() sandbox.Info                                          { return sandbox.Info{Session: "s"} }
func (a *attentive) Tell(_ context.Context, text string) error {
	a.told = append(a.told, text)
	return nil
}

// TestOnlyItsOwnSandboxIsTold: that of today says nothing of a stage of
// yesterday.
func TestOnlyItsOwnSandboxIsTold(t *testing.T) {
	backend := &attentive{}
	l := newLab(t, func(o *Options) {
		threeStages(o)
		backend.Backend, o.Backend = o.Backend, backend
	})
	earlier := said(1, 1)
	earlier.Session = "another"
	l.records(earlier, said(2, 2))
	l.server.sessions.Wait()
	if got := strings.Join(backend.told, "; "); got != "✓ Stage 2 complete" {
		t.Errorf("the sandbox was told %q", got)
	}
}

// TestTellingHoldsNobodyUp: a sandbox that cannot be found keeps neither the
// proxy waiting nor the gateway from ending.
func TestTellingHoldsNobodyUp(t *testing.T) {
	backend := &fragile{reached: make(chan struct{}, 1)}
	l := newLab(t, func(o *Options) {
		threeStages(o)
		backend.Backend, o.Backend = o.Backend, backend
	})
	backend.hanging.Store(true)
	l.records(said(1, 1)) // returns, though the sandbox is looked for
	<-backend.reached
	if err := l.stop(); err != nil {
		t.Error(err)
	}
	l.records(said(2, 2)) // what comes then is durable, and nobody is told
	if records, err := l.server.Progress.Course("ada", "only"); err != nil || len(records) != 2 {
		t.Errorf("recorded are %v, %v", records, err)
	}
}
