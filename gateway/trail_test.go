package gateway

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/gateway/audit"
	"lectern/progress"
	"lectern/proxy/report"
	"lectern/sandbox"
	"lectern/web/api"
)

// audited gives the gateway a trail in the folder "audit" of the lab.
func audited(t *testing.T, dir string, log *slog.Logger) func(*Options) {
	t.Helper()
	trail, err := audit.Open(audit.Options{Dir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trail.Close() })
	return func(o *Options) { threeStages(o); o.Audit = trail }
}

// trailOf is the text and the events of a trail. Each event has no other fields
// than docs/audit.md says.
func trailOf(t *testing.T, dir string) (text string, events []audit.Event) {
	t.Helper()
	documented := documentedFields(t)
	err := audit.Read(dir, time.Time{}, func(l audit.Line) error {
		var fields map[string]any
		if err := json.Unmarshal(l.Text, &fields); err != nil {
			return err
		}
		for field := range fields {
			if field != "time" && field != "kind" && !slices.Contains(documented[string(l.Event.Kind)], field) {
				t.Errorf("docs/audit.md does not know that %s has %s: %s", l.Event.Kind, field, l.Text)
			}
		}
		text += string(l.Text) + "\n"
		events = append(events, l.Event)
		return l.Err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text, events
}

// documentedFields are the words of the rows of docs/audit.md, by kind; "the
// same" is what the row before has.
func documentedFields(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string][]string)
	var before []string
	word := regexp.MustCompile(`[a-z]+`)
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| .* \\| (.*) ?\\|$").FindAllStringSubmatch(string(page), -1) {
		words := word.FindAllString(row[2], -1)
		if strings.Contains(row[2], "the same") {
			words = append(words, before...)
		}
		rows[row[1]], before = words, words
	}
	return rows
}

// kindsOf are the kinds in their order.
func kindsOf(events []audit.Event) string {
	var all []string
	for _, e := range events {
		all = append(all, string(e.Kind))
	}
	return strings.Join(all, " ")
}

// waitFor looks until the trail has an event of a kind.
func waitFor(t *testing.T, dir string, kind audit.Kind) audit.Event {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, events := trailOf(t, dir)
		if at := slices.IndexFunc(events, func(e audit.Event) bool { return e.Kind == kind }); at >= 0 {
			return events[at]
		}
		if time.Now().After(deadline) {
			t.Fatalf("there is no %s in the trail: %s", kind, kindsOf(events))
		}
	}
}

// TestTrailOfASession: from the sign-in to the end, and not a word of what was
// typed.
func TestTrailOfASession(t *testing.T) {
	dir := t.TempDir() + "/audit"
	l := newLab(t, audited(t, dir, slog.Default()))
	c := open(t, l.dial(), "")
	c.enter()
	c.types("say tiger-lily\r")
	c.expect("said tiger-lily")
	sb, ok, err := l.server.Backend.Find(t.Context(), "ada")
	if err != nil || !ok {
		t.Fatal(err)
	}
	e := said(1, 1)
	e.Session = sb.Made().Session
	refused := report.Event{ID: "r1", At: time.Now(), Login: "ada", Session: e.Session, Course: "only", Stage: 1, Refused: &report.Refused{Reason: "rate", Count: 12}}
	l.records(e, e, refused)

	newer := open(t, l.dial(), "")
	newer.shows("Continue")
	newer.types("\r")
	newer.expect("hello from")
	if err := c.session.Wait(); err == nil {
		t.Error("a terminal that was taken over ended with status 0")
	}
	newer.types("exit 3\r")
	newer.shows("status 3")
	ended := waitFor(t, dir, audit.SandboxEnded)
	text, events := trailOf(t, dir)
	if strings.Contains(text, "tiger") {
		t.Errorf("what was typed is in the trail: %s", text)
	}
	if ended.Ending != "exited" || ended.Detail != "status 3" || ended.Login != "ada" || ended.Stage != 1 {
		t.Errorf("the end is %+v", ended)
	}
	got := kindsOf(events)
	for _, kind := range []string{"signed-in", "sandbox-made", "attached", "stage-completed", "proxy-refused", "signed-in", "attached", "taken-over", "detached"} {
		_, rest, found := strings.Cut(got, kind)
		if !found {
			t.Fatalf("%s is missing: %s", kind, kindsOf(events))
		}
		if kind != "attached" && kind != "taken-over" { // whose order is that of two connections
			got = rest
		}
	}
	for _, e := range events {
		fingerprint := ssh.FingerprintSHA256(l.signer.PublicKey())
		switch e.Kind {
		case audit.SignedIn:
			if e.Login != "ada" || e.Key != fingerprint || !strings.HasPrefix(e.Remote, "127.0.0.1:") || e.Detail != "as lab, known by local" {
				t.Errorf("signed in: %+v", e)
			}
		case audit.SandboxMade, audit.Attached, audit.TakenOver, audit.Detached:
			if e.Login != "ada" || e.Key != fingerprint || e.Remote == "" || e.Session != sb.Made().Session || e.Course != "only" || e.Stage != 1 {
				t.Errorf("%s: %+v", e.Kind, e)
			}
		case audit.Completed:
			if e.Evidence != "model" || e.Session != sb.Made().Session {
				t.Errorf("completed: %+v", e)
			}
		case audit.ProxyRefused:
			if e.ID != "r1" || e.Reason != "rate" || e.Count != 12 || !e.Since.Equal(refused.At) {
				t.Errorf("refused by the proxy: %+v", e)
			}
		}
	}
	if own, err := l.server.Audit.Session(sb.Made().Session, 100); err != nil || len(own) != len(events)-2 {
		t.Errorf("of %d events %d are the session's, %v", len(events), len(own), err)
	}
}

// TestTrailOfAReplacedSandbox: who ended it is the learner.
func TestTrailOfAReplacedSandbox(t *testing.T) {
	dir := t.TempDir() + "/audit"
	l := newLab(t, audited(t, dir, slog.Default()))
	l.records(said(1, 1))
	first := open(t, l.dial(), "start only 1")
	first.expect("hello from")
	c := open(t, l.dial(), "")
	c.shows("Continue")
	c.types("\x1b[B\x1b[B\r") // the second stage
	c.shows("Replace the session")
	c.types("n")
	c.expect("hello from")
	killed, ended := waitFor(t, dir, audit.Killed), waitFor(t, dir, audit.SandboxEnded)
	if killed.Login != "ada" || killed.By != "ada" || killed.Session == "" || killed.Session != ended.Session || ended.Reason != replaced {
		t.Errorf("killed: %+v, ended: %+v", killed, ended)
	}
}

// TestReasonsOfPeopleStayOutOfTheTrail: who kills may say why in words of their
// own.
func TestReasonsOfPeopleStayOutOfTheTrail(t *testing.T) {
	dir := t.TempDir() + "/audit"
	l := newLab(t, audited(t, dir, slog.Default()))
	of := sandbox.Info{Login: "ada", Session: "s", CourseID: "only", Stage: 1}
	l.server.recordEnd(of, sandbox.Exit{Ending: sandbox.Killed, Reason: "tiger-lily", Code: 143})
	l.server.recordEnd(of, sandbox.Exit{Ending: sandbox.Killed, Reason: sandbox.NobodyCameBack})
	l.server.recordEnd(of, sandbox.Exit{Ending: sandbox.Lost, Reason: "The machine was taken away."})
	if _, err := l.server.complete(progress.Record{
		Login: "ada", Course: "only", Stage: 2, CompletedAt: time.Now(), Session: "s", Evidence: progress.Quiz, Score: 2, Questions: 3,
	}); err != nil {
		t.Fatal(err)
	}
	_, events := trailOf(t, dir)
	if got := fmt.Sprint(events[0].Reason, "; ", events[1].Reason, "; ", events[2].Reason, "; ", events[3].Detail); got != "; "+sandbox.NobodyCameBack+"; The machine was taken away.; 2 of 3 right" {
		t.Errorf("the trail has %q", got)
	}
}

// TestTrailOfRefusals: who was refused and why, once a connection.
func TestTrailOfRefusals(t *testing.T) {
	dir := t.TempDir() + "/audit"
	l := newLab(t, func(o *Options) {
		audited(t, dir, slog.Default())(o)
		o.MaxConnectionsPerAddress = 1
	})
	try := func(user string, auth ...ssh.AuthMethod) {
		t.Helper()
		config := l.clientConfig()
		config.User, config.Auth = user, auth
		if client, err := ssh.Dial("tcp", l.addr, config); err == nil {
			_ = client.Close()
			t.Errorf("%s was let in", user)
		}
		l.closed()
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	try("lab", ssh.PublicKeys(stranger))
	try("mallory", ssh.PublicKeys(stranger))
	try("admin", ssh.PublicKeys(l.signer))
	try("hunter2 is my password", ssh.Password("tiger-lily"))
	held := l.dial()
	if _, err := ssh.Dial("tcp", l.addr, l.clientConfig()); err == nil {
		t.Error("a connection too many was let in")
	}
	_ = held.Close()
	// The one too many is recorded once it has closed, of which the client knows first.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		text, _ := trailOf(t, dir)
		if strings.Contains(text, tooManyConnections) || time.Now().After(deadline) {
			break
		}
	}
	text, events := trailOf(t, dir)
	var got []string
	for _, e := range events {
		if e.Kind == audit.Refused {
			got = append(got, strings.Join([]string{e.Login, e.Reason, fmt.Sprint(e.Key != "")}, " "))
		}
	}
	if s := strings.Join(got, "; "); s != " unknown_key true; mallory unknown_key true; ada not_admin true;  no_key false; ada too_many_connections true" {
		t.Errorf("refused: %s\n%s", s, text)
	}
	if strings.Contains(text, "hunter2") || strings.Contains(text, "tiger") {
		t.Errorf("what was typed is in the trail: %s", text)
	}
}

// closed waits until the gateway has let go of every connection.
func (l *lab) closed() {
	l.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		l.server.connections.mu.Lock()
		open := l.server.connections.all
		l.server.connections.mu.Unlock()
		if open == 0 {
			break
		}
		if time.Now().After(deadline) {
			l.t.Fatal("a connection stays open")
		}
	}
}

// breakTrail makes it impossible to write a trail, until the function that it
// returns is called.
func breakTrail(t *testing.T, dir string) (mend func()) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNobodyBeginsWithoutATrail where that is asked for.
func TestNobodyBeginsWithoutATrail(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	log := slog.New(slog.DiscardHandler)
	l := newLab(t, func(o *Options) {
		audited(t, dir, log)(o)
		o.RefuseUnaudited = true
	})
	inPicker := open(t, l.dial(), "")
	inPicker.shows("Only stage")
	mend := breakTrail(t, dir)

	config := l.clientConfig()
	var told string
	config.BannerCallback = func(message string) error { told += message; return nil }
	if client, err := ssh.Dial("tcp", l.addr, config); err == nil {
		_ = client.Close()
		t.Error("somebody was let in without a trail")
	}
	if told != withoutTrail+"\r\n" {
		t.Errorf("who is refused is told %q", told)
	}
	inPicker.types("\r")
	inPicker.shows("cannot write its audit trail")
	if live, err := l.server.Backend.List(t.Context()); err != nil || len(live) > 0 {
		t.Errorf("a sandbox was made: %v, %v", live, err)
	}
	mend()
	inPicker.types("\x1b")
	inPicker.shows("Only stage")
	inPicker.types("\r")
	inPicker.expect("hello from")
	if gap := waitFor(t, dir, audit.Gap); gap.Count == 0 || gap.Since.IsZero() {
		t.Errorf("of what is missing it says %+v", gap)
	}

	// Who is in a sandbox stays there, and can come back from the picker.
	mend = breakTrail(t, dir)
	inPicker.types("say still here\r")
	inPicker.expect("said still here")
	mend()
	open(t, l.dial(), "").shows("Continue")
}

// TestNoPageBeginsWithoutATrail where that is asked for, not even an admin's: who
// comes from there is a learner.
func TestNoPageBeginsWithoutATrail(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l := newLabOf(t, []string{"ada"}, func(o *Options) {
		audited(t, dir, slog.New(slog.DiscardHandler))(o)
		o.RefuseUnaudited = true
	})
	mend := breakTrail(t, dir)
	// The first one finds out, and is told in the way of SSH.
	entry, err := l.server.Enter(t.Context(), l.ada(), farAway)
	if err != nil {
		t.Fatal(err)
	}
	var told string
	entry.Config.BannerCallback = func(message string) error { told += message; return nil }
	if conn, _, _, err := ssh.NewClientConn(entry.Conn, "gateway", entry.Config); err == nil {
		_ = conn.Close()
		t.Error("a page was let in without a trail")
	}
	if told != withoutTrail+"\r\n" {
		t.Errorf("who is refused is told %q", told)
	}
	_ = entry.Conn.Close()
	// Those who follow do not come as far.
	_, err = l.server.Enter(t.Context(), l.ada(), farAway)
	var refused *api.Refused
	if !errors.As(err, &refused) || refused.Kind != api.Unavailable || refused.Detail != withoutTrail {
		t.Errorf("another one is refused by %v", err)
	}
	mend()
	client, _ := l.enters(l.ada())
	open(t, client, "").shows("Only stage")
}

// TestASandboxThatCannotBeRecordedIsEnded: the trail breaks while it is made.
func TestASandboxThatCannotBeRecordedIsEnded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l := newLab(t, func(o *Options) {
		audited(t, dir, slog.New(slog.DiscardHandler))(o)
		o.RefuseUnaudited = true
		o.Backend = breaking{o.Backend, func() { breakTrail(t, dir) }}
	})
	c := open(t, l.dial(), "start only")
	c.expect("cannot write its audit trail")
	if live, err := l.server.Backend.List(t.Context()); err != nil || len(live) > 0 {
		t.Errorf("it lives: %v, %v", live, err)
	}
}

// breaking is a Backend that does something whenever it makes a sandbox.
type breaking struct {
	sandbox.Backend
	do func()
}

func (b breaking) Acquire(ctx context.Context, spec sandbox.Spec, report func(sandbox.Phase)) (sandbox.Sandbox, error) {
	b.do()
	return b.Backend.Acquire(ctx, spec, report)
}

// TestEverythingGoesOnWithoutATrail where that is asked for.
func TestEverythingGoesOnWithoutATrail(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	var log lockedLog
	l := newLab(t, audited(t, dir, slog.New(slog.NewTextHandler(&log, nil))))
	mend := breakTrail(t, dir)
	c := open(t, l.dial(), "start only")
	c.expect("hello from")
	if !strings.Contains(log.String(), "level=ERROR msg=\"the audit trail cannot be written") {
		t.Errorf("the log says %s", log.String())
	}
	mend()
	c.types("exit 0\r")
	c.shows("Only stage")
	if gap := waitFor(t, dir, audit.Gap); gap.Count < 3 {
		t.Errorf("of what is missing it says %+v", gap)
	}
}
