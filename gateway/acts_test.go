package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/gateway/auth"
	"lectern/sandbox"
	"lectern/tui"
)

// newAdminLab is a lab whose one learner is an admin as well.
func newAdminLab(t *testing.T, change func(*Options)) (*lab, admin) {
	l := newLabOf(t, []string{"ada"}, change)
	who, err := l.server.Directory.Identify(t.Context(), "admin", l.signer.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	return l, admin{server: l.server, who: who}
}

func (l *lab) dialAdmin() *terminal {
	l.t.Helper()
	return open(l.t, l.dialAs("admin"), "")
}

func TestOneOf(t *testing.T) {
	live := []sandbox.Info{
		{Login: "ada", Session: "aabbccdd00112233"}, {Login: "bob", Session: "aabbccee00112233"}, {Login: "aabbcc", Session: "ffff000011112222"},
	}
	for name, want := range map[string]string{
		"ada": "ada", "ADA": "ada", "aabbccdd00112233": "ada", "aabbccd": "ada", "AABBCCE": "bob",
		"aabbcc": "aabbcc", // a login counts before the beginning of an id
		"ffff":   "aabbcc",
		"fff":    "", "aabb": "", "nobody": "", "": "", "aabbccdd001122334": "",
	} {
		info, err := oneOf(live, name)
		if info.Login != want || (err == nil) != (want != "") {
			t.Errorf("%q means %q, %v, want %q", name, info.Login, err, want)
		}
	}
}

func TestMessageText(t *testing.T) {
	for in, want := range map[string]string{
		"hello":                         "grace: hello",
		"  two\nlines\r\n and\ttabs  ":  "grace: two lines and tabs",
		"red \x1b[31m \x07\x9b2J\u202e": "grace: red [31m 2J\u202e",
		strings.Repeat("x", 200):        "grace: " + strings.Repeat("x", 200),
		strings.Repeat("x", 201):        "",
		" \x1b\x00 ":                    "",
	} {
		if got, err := messageText("grace", in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is shown as %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestSpoken(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "less than a minute", time.Minute: "1 minute", 90 * time.Minute: "1 hour 30 minutes", 24 * time.Hour: "24 hours",
		59*time.Minute + 59*time.Second: "1 hour",
	} {
		if got := spoken(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-time.Hour: "0s", 59 * time.Second: "59s", time.Minute: "1m", 125 * time.Minute: "2h05m"} {
		if got := short(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

// Two admins who end one session at the same moment both find it ended, and a
// third who comes later is told so.
func TestTwoAdminsEndOneSession(t *testing.T) {
	l, a := newAdminLab(t, nil)
	c := open(t, l.dial(), "")
	c.enter()
	info, err := a.find(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := a.kill(t.Context(), info.Session, ""); err != nil && !errors.Is(err, errEnded) {
				t.Error(err)
			}
		})
	}
	both.Wait()
	c.shows("ada, who looks after this class, has ended your session")
	if err := a.kill(t.Context(), info.Session, ""); !errors.Is(err, errEnded) {
		t.Errorf("ending what has ended: %v", err)
	}
	if _, err := a.extend(t.Context(), info.Session, time.Hour); !errors.Is(err, errEnded) {
		t.Errorf("extending what has ended: %v", err)
	}
	if err := a.message(t.Context(), info.Session, "hello"); !errors.Is(err, errEnded) {
		t.Errorf("a message to what has ended: %v", err)
	}
}

func TestExtendAddsToWhatIsLeft(t *testing.T) {
	l, a := newAdminLab(t, nil)
	c := open(t, l.dial(), "")
	c.enter()
	before, err := a.find(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.extend(t.Context(), before.Session, 30*time.Minute); err != nil {
		t.Fatal(err)
	}
	after, err := a.find(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if more := after.Expires.Sub(before.Expires); more < 29*time.Minute || more > 31*time.Minute {
		t.Errorf("30 minutes more are %s", more)
	}
	for _, d := range []time.Duration{0, -time.Hour, time.Second, 25 * time.Hour} {
		if _, err := a.extend(t.Context(), before.Session, d); err == nil {
			t.Errorf("a session was extended by %s", d)
		}
	}
}

// The door stays closed over a restart, and a file that says nothing sensible
// does not open it.
func TestDoorIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "door")
	l, a := newAdminLab(t, func(o *Options) { o.DoorFile = path })
	if changed, err := a.setDoor(t.Context(), true, "an exam"); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if changed, err := a.setDoor(t.Context(), true, ""); changed || err != nil {
		t.Errorf("closing what is closed: %v, %v", changed, err)
	}
	if changed, err := a.setDoor(t.Context(), true, "another exam"); !changed || err != nil {
		t.Errorf("another reason: %v, %v", changed, err)
	}
	again := &Server{Options: l.server.Options, log: l.server.log, lifecycle: sandbox.NewLifecycle(l.server.Backend, sandbox.Rules{}), door: door{path: path}}
	if err := again.restoreDoor(); err != nil {
		t.Fatal(err)
	}
	if reason, closed := again.lifecycle.Door(); !closed || !strings.Contains(reason, "another exam") {
		t.Errorf("the next gateway has the door closed %v, %q", closed, reason)
	}
	_, err := l.server.lifecycle.Acquire(t.Context(), sandbox.Spec{Login: "bob", Session: "s"}, func(sandbox.Phase) {})
	var unavailable *sandbox.Unavailable
	if !errors.As(err, &unavailable) || !strings.Contains(unavailable.Reason, "another exam") {
		t.Errorf("bob came in: %v", err)
	}
	if changed, err := a.setDoor(t.Context(), false, ""); !changed || err != nil {
		t.Fatal(changed, err)
	}
	next := func() (closed bool) {
		t.Helper()
		again.lifecycle = sandbox.NewLifecycle(l.server.Backend, sandbox.Rules{})
		if err := again.restoreDoor(); err != nil {
			t.Fatal(err)
		}
		_, closed = again.lifecycle.Door()
		return closed
	}
	if next() {
		t.Error("the next gateway has the door closed after it was opened")
	}
	for _, content := range []string{"", "{", "[]", `{"reason":1}`, "null"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if !next() {
			t.Errorf("a file with %q opens the door", content)
		}
	}
}

// Whoever wants another stage at a closed door keeps what they have.
func TestClosedDoorTakesNoSessionAway(t *testing.T) {
	l, a := newAdminLab(t, nil)
	open(t, l.dial(), "").enter()
	before, err := a.find(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.setDoor(t.Context(), true, "an exam"); err != nil {
		t.Fatal(err)
	}
	s := &session{server: l.server, who: a.who}
	_, err = s.start(t.Context(), tui.Choice{CourseID: "only", Stage: 1, Replace: true}, func(tui.Phase) {})
	var unavailable *sandbox.Unavailable
	if !errors.As(err, &unavailable) || !strings.Contains(unavailable.Reason, "an exam") {
		t.Errorf("another stage: %v", err)
	}
	if after, err := a.find(t.Context(), "ada"); err != nil || after.Session != before.Session {
		t.Errorf("of the session %s is left %+v, %v", before.Session, after, err)
	}
}

func TestSessionsWatch(t *testing.T) {
	l, a := newAdminLab(t, nil)
	reading, writing := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	followed := make(chan error, 1)
	go func() {
		err := (&session{server: l.server}).followRoom(ctx, a, writing)
		_ = writing.Close()
		followed <- err
	}()
	lines := bufio.NewScanner(reading)
	stop := context.AfterFunc(ctx, func() { _ = writing.Close() })
	defer stop()
	defer time.AfterFunc(30*time.Second, cancel).Stop() // instead of a wait for ever
	next := func(state sessionState, wanted ...roomEventKind) {
		t.Helper()
		for lines.Scan() {
			var e roomEvent
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatalf("%s: %v", lines.Bytes(), err)
			}
			if slices.Contains(wanted, e.Event) && e.State == state && e.Login == "ada" {
				return
			}
		}
		t.Fatalf("no %s of a session that is %s", wanted, state)
	}
	c := open(t, l.dial(), "")
	c.enter()
	next(stateConnected, roomPresent, roomCame, roomChanged)
	if err := c.session.Close(); err != nil {
		t.Fatal(err)
	}
	next(stateDetached, roomChanged)
	info, err := a.find(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.kill(t.Context(), info.Session, ""); err != nil {
		t.Fatal(err)
	}
	next(stateDetached, roomWent)
	cancel()
	if err := <-followed; err != nil {
		t.Error(err)
	}
}

// What a learner has finished is found however the login is written.
func TestGrantedIsFinished(t *testing.T) {
	_, a := newAdminLab(t, nil)
	if recorded, err := a.grant(t.Context(), "bob", "only", 1); !recorded || err != nil {
		t.Fatal(recorded, err)
	}
	for login, want := range map[string]int{"bob": 1, "BOB": 1, "zoe": 0} {
		stages, err := a.finished(t.Context(), login)
		if err != nil || len(stages) != want || want > 0 && !slices.Equal(stages["only"], []int{1}) {
			t.Errorf("%s has %v, %v", login, stages, err)
		}
	}
	if _, err := a.finished(t.Context(), "no login"); err == nil {
		t.Error("somebody who cannot be there has finished something")
	}
}

// Whoever is no admin any more can do nothing, whatever they have open.
func TestNoActWithoutTheRight(t *testing.T) {
	l := newLab(t, nil)
	a := admin{server: l.server, who: auth.Identity{Login: "ada", Admin: true, Fingerprint: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}
	ctx := t.Context()
	_, find := a.find(ctx, "ada")
	_, _, all := a.messageAll(ctx, "hello")
	_, extend := a.extend(ctx, "x", time.Hour)
	_, grant := a.grant(ctx, "bob", "only", 1)
	_, door := a.setDoor(ctx, true, "")
	_, load := a.load(ctx)
	_, finished := a.finished(ctx, "ada")
	_, events := a.events(ctx, "x")
	_, watch := a.watch(ctx, "x", io.Discard, func(int, int) {})
	for act, err := range map[string]error{
		"find": find, "kill": a.kill(ctx, "x", ""), "message": a.message(ctx, "x", "hello"), "message all": all,
		"extend": extend, "grant": grant, "door": door, "load": load, "finished": finished, "events": events, "watch": watch,
	} {
		var no *NoLongerAdmin
		if !errors.As(err, &no) {
			t.Errorf("%s: %v", act, err)
		}
	}
	if _, closed := l.server.lifecycle.Door(); closed {
		t.Error("the door is closed")
	}
}

func TestAdminScreen(t *testing.T) {
	l, _ := newAdminLab(t, nil)
	learner := open(t, l.dial(), "")
	learner.enter()
	a := l.dialAdmin()
	a.shows(`ada \(you\) +Only course · 1 .*connected`)
	a.types("w")
	a.shows("watching ada")
	a.types("say should not be said\r")
	learner.types("say from ada\r")
	a.shows("said from ada")
	learner.screen.Expect(t, "said from ada")
	a.types("\x1b")
	a.shows(`ada \(you\) +Only course · 1 .*connected`)
	a.types("q")
	if err := a.session.Wait(); err != nil {
		t.Errorf("the screen ended with %v", err)
	}
}
