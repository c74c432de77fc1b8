package gateway

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lectern/gateway/audit"
	"lectern/gateway/auth"
	"lectern/sandbox"
	"lectern/web/api"
)

// refusedAs wants an error that is for a person.
func refusedAs(t *testing.T, err error, kind api.RefusedKind, words string) {
	t.Helper()
	var refused *api.Refused
	if !errors.As(err, &refused) || refused.Kind != kind || !strings.Contains(refused.Detail, words) || !strings.HasSuffix(refused.Detail, ".") {
		t.Errorf("it is refused by %v, want %s and a sentence with %q", err, kind, words)
	}
}

func TestCatalogueAndProgress(t *testing.T) {
	l := newLab(t, threeStages)
	l.records(said(1, 1))
	courses, err := l.server.Catalogue("ada")
	if err != nil || len(courses) != 1 || len(courses[0].Stages) != 3 {
		t.Fatalf("the courses are %+v, %v", courses, err)
	}
	var states []string
	for _, stage := range courses[0].Stages {
		states = append(states, stage.State)
	}
	if strings.Join(states, " ") != "done open locked" || courses[0].Stages[0].CompletedAt == nil || courses[0].Stages[1].CompletedAt != nil {
		t.Errorf("the stages are %+v", courses[0].Stages)
	}
	of, err := l.server.ProgressOf("ada")
	if err != nil || len(of) != 1 || len(of[0].CompletedStages) != 1 || of[0].CompletedStages[0].Evidence != "model" || len(of[0].UnlockedStages) != 2 || of[0].Complete {
		t.Errorf("the progress is %+v, %v", of, err)
	}
	none, err := l.server.ProgressOf("nobody")
	if err != nil || none[0].CompletedStages == nil || len(none[0].UnlockedStages) != 1 {
		t.Errorf("the progress of nobody is %+v, %v", none, err)
	}
}

func TestStartByAFrontEnd(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	change := audited(t, dir, slog.Default())
	l := newLab(t, func(o *Options) { change(o); o.MaxSessions = 1 })
	who := l.ada()
	start := func(course string, stage int) (api.Started, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return l.server.Start(ctx, who, farAway, course, stage)
	}
	_, err := start("nothing", 0)
	refusedAs(t, err, api.NotFound, "nothing")
	for _, stage := range []int{-1, 4} {
		_, err = start("only", stage)
		refusedAs(t, err, api.NotFound, "stages 1 to 3")
	}
	_, err = start("only", 3)
	refusedAs(t, err, api.Conflict, "Stage 3 is locked: finish stage 2 first.")

	started, err := start("only", 0)
	if err != nil || started.Stage != 1 || started.Reused || started.Status != "running" || started.Pod != sandbox.Name("ada") || started.ID != l.sessionOf("ada") {
		t.Fatalf("started is %+v, %v", started, err)
	}
	again, err := start("only", 1)
	if err != nil || !again.Reused || again.ID != started.ID {
		t.Errorf("started again is %+v, %v", again, err)
	}
	l.records(said(1, 1))
	_, err = start("only", 2)
	refusedAs(t, err, api.Conflict, "in stage 1 of only")

	if e := waitFor(t, dir, audit.SandboxMade); e.Remote != farAway.String() || e.Key != who.Fingerprint {
		t.Errorf("it is recorded as %+v", e)
	}
	sessions, err := l.server.Sessions(t.Context(), "ada")
	if err != nil || len(sessions) != 1 || sessions[0].ID != started.ID || sessions[0].StageTitle == "" || sessions[0].ExpiresAt == nil {
		t.Errorf("the sessions are %+v, %v", sessions, err)
	}
	if others, err := l.server.Sessions(t.Context(), "bob"); err != nil || len(others) != 0 || others == nil {
		t.Errorf("those of bob are %+v, %v", others, err)
	}
	if all, err := l.server.Sessions(t.Context(), ""); err != nil || len(all) != 1 {
		t.Errorf("those of all are %+v, %v", all, err)
	}
}

// TestStartInAFullHouse: a call does not wait for ever, and leaves the queue when
// it ends.
func TestStartInAFullHouse(t *testing.T) {
	l := newLab(t, func(o *Options) { o.MaxSessions = 1 })
	l.fill()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := l.server.Start(ctx, l.ada(), farAway, "only", 1)
	refusedAs(t, err, api.Unavailable, "All places are taken.")
	gone, leave := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, leave)
	if _, err := l.server.Start(gone, l.ada(), farAway, "only", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("who has left is told %v", err)
	}
	if n := l.server.lifecycle.Waiting(); n != 0 {
		t.Errorf("%d wait in the queue still", n)
	}
}

func TestStartAtAClosedDoor(t *testing.T) {
	l := newLab(t, nil)
	if _, err := l.server.closeDoor("root", "the exam is on"); err != nil {
		t.Fatal(err)
	}
	_, err := l.server.Start(t.Context(), l.ada(), farAway, "only", 1)
	refusedAs(t, err, api.Unavailable, "the exam is on")
}

// TestStartWithoutATrail: where nothing may begin without a record, nothing does.
func TestStartWithoutATrail(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	change := audited(t, dir, slog.New(slog.DiscardHandler))
	l := newLab(t, func(o *Options) { change(o); o.RefuseUnaudited = true })
	if err := l.server.Audit.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := l.server.Start(t.Context(), l.ada(), farAway, "only", 1)
	refusedAs(t, err, api.Unavailable, "audit trail")
	refusedAs(t, l.server.Note(api.DoorEvent{Kind: api.SignedIn, Who: l.ada(), From: farAway}), api.Unavailable, "audit trail")
	for _, e := range []api.DoorEvent{
		{Kind: api.SignedIn, Who: auth.Identity{Login: "root", Admin: true}, From: farAway}, {Kind: api.SignedOut, Who: l.ada(), From: farAway}, {Kind: api.LinkRefused, From: farAway},
	} {
		if err := l.server.Note(e); err != nil {
			t.Errorf("%+v is refused: %v", e, err)
		}
	}
}

// TestEndByAFrontEnd: a learner ends their own session, an admin any, and to all
// others there is none.
func TestEndByAFrontEnd(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	change := audited(t, dir, slog.Default())
	l, admin := newAdminLab(t, change)
	l.fill() // bob's
	bobs := l.sessionOf("bob")
	learner := auth.Identity{Login: "carol", Fingerprint: admin.who.Fingerprint}
	refusedAs(t, l.server.End(t.Context(), learner, farAway, bobs), api.NotFound, "no such session")
	refusedAs(t, l.server.End(t.Context(), admin.who, farAway, "none"), api.NotFound, "no such session")
	refusedAs(t, l.server.End(t.Context(), auth.Identity{Login: "dave", Admin: true, Fingerprint: admin.who.Fingerprint}, farAway, bobs), api.NotFound, "no such session")
	if _, there, err := l.server.Backend.Find(t.Context(), "bob"); err != nil || !there {
		t.Fatalf("bob's session has ended: %v", err)
	}
	if err := l.server.End(t.Context(), admin.who, farAway, bobs); err != nil {
		t.Error(err)
	}
	e := waitFor(t, dir, audit.Killed)
	if e.Login != "bob" || e.By != "ada" || e.Remote != farAway.String() || e.Session != bobs {
		t.Errorf("it is recorded as %+v", e)
	}
	refusedAs(t, l.server.End(t.Context(), admin.who, farAway, bobs), api.NotFound, "no such session")

	who := admin.who
	who.Admin = false
	client, _ := l.enters(who)
	c := open(t, client, "")
	c.enter()
	if err := l.server.End(t.Context(), who, farAway, l.sessionOf("ada")); err != nil {
		t.Error(err)
	}
	c.shows("You ended this session through the page or its API")
	_, events := trailOf(t, dir)
	var own []audit.Event
	for _, e := range events {
		if e.Login == "ada" && (e.Kind == audit.Killed || e.Kind == audit.SandboxEnded) {
			own = append(own, e)
		}
	}
	if len(own) == 0 || own[0].By != "ada" || own[0].Detail != "through the page or its API" || own[0].Remote != farAway.String() {
		t.Errorf("her own end is recorded as %+v", own)
	}
}

// TestStillWelcome: what denies somebody in words is told in them.
func TestStillWelcome(t *testing.T) {
	l := newLab(t, nil)
	who := l.ada()
	if now, err := l.server.Still(t.Context(), who); err != nil || now.Login != "ada" || now.Fingerprint != who.Fingerprint {
		t.Errorf("she is %+v, %v", now, err)
	}
	stranger := who
	stranger.Fingerprint = "SHA256:" + strings.Repeat("A", 43)
	_, err := l.server.Still(t.Context(), stranger)
	refusedAs(t, err, api.Unwelcome, "is not known here")
	stranger.Login = "bob" // whose key hers is not
	_, err = l.server.Still(t.Context(), stranger)
	refusedAs(t, err, api.Unwelcome, "is not known here")
	stranger.Fingerprint = "none"
	var refused *api.Refused
	if _, err = l.server.Still(t.Context(), stranger); err == nil || errors.As(err, &refused) {
		t.Errorf("a fault of ours is told as %v", err)
	}
	if l.server.Recorded() {
		t.Error("it is recorded")
	}
}

// TestNotes are the events of the door, as docs/audit.md has them.
func TestNotes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l := newLab(t, audited(t, dir, slog.Default()))
	for _, e := range []api.DoorEvent{
		{Kind: api.SignedIn, Who: l.ada(), Browser: "b1", From: farAway}, {Kind: api.SignedOut, Who: l.ada(), Browser: "b1", From: farAway, Why: api.FromPage},
		{Kind: api.LinkRefused, From: farAway}, {Kind: api.LinkRefused, From: farAway},
	} {
		if err := l.server.Note(e); err != nil {
			t.Error(err)
		}
	}
	_, events := trailOf(t, dir)
	if got := kindsOf(events); got != "browser-signed-in browser-signed-out refused" { // the second is still being counted
		t.Fatalf("the trail has %s", got)
	}
	in, out, refused := events[0], events[1], events[2]
	if in.Login != "ada" || in.Key == "" || in.Detail != "browser b1" || in.Remote != farAway.String() || out.Detail != "browser b1, through the page or its API" {
		t.Errorf("they are %+v and %+v", in, out)
	}
	if refused.Login != "" || refused.Reason != badLink || refused.Remote != farAway.String() {
		t.Errorf("it is %+v", refused)
	}
}
