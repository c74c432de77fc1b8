package gateway

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/gateway/audit"
	"lectern/gateway/auth"
	"lectern/web/api"
)

// desk is a page that has two browsers of everybody.
type desk struct {
	mu      sync.Mutex
	invited []auth.Identity
	there   []api.Browser
}

func (d *desk) Invite(who auth.Identity) (api.Invitation, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.invited = append(d.invited, who)
	return api.Invitation{URL: "https://lab.example.org/#code", Expires: time.Now().Add(2*time.Minute - time.Millisecond)}, nil
}

func (d *desk) Browsers(string) ([]api.Browser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.there, nil
}

func (d *desk) Revoke(_, id string) (gone []string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var left []api.Browser
	for _, b := range d.there {
		if id == "" || b.ID == id {
			gone = append(gone, b.ID)
		} else {
			left = append(left, b)
		}
	}
	d.there = left
	return gone, nil
}

// runs gives what a command says.
func runs(t *testing.T, client *ssh.Client, command string) (text string, ok bool) {
	t.Helper()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }()
	out, err := session.CombinedOutput(command)
	return string(out), err == nil
}

func TestWebCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	change := audited(t, dir, slog.Default())
	page := &desk{}
	l := newLab(t, func(o *Options) { change(o); o.Desk = page })
	client := l.dial()
	says := func(command, want string, ok bool) {
		t.Helper()
		if got, fine := runs(t, client, command); !strings.Contains(got, want) || fine != ok {
			t.Errorf("%s says %q, %t, want %q", command, got, fine, want)
		}
	}
	says("web", "Open this link in your browser within 2 minutes. It works once.\n\n    https://lab.example.org/#code\n", true)
	if len(page.invited) != 1 || page.invited[0] != l.ada() {
		t.Errorf("invited are %+v", page.invited)
	}
	text, _ := runs(t, client, "web --json")
	var link api.Invitation
	if err := json.Unmarshal([]byte(text), &link); err != nil || link.URL != "https://lab.example.org/#code" || link.Expires.IsZero() {
		t.Errorf("the link is %q, %v", text, err)
	}
	says("web --list", "No browser is signed in as you.", true)
	says("web --list --json", "[]\n", true)
	says("web --revoke", "No browser is signed in as you.", true)
	says("web --revoke b1", "no browser b1 is signed in as you: web --list shows those that are", false)
	says("web b1", "web takes no argument", false)
	says("web --list b1", "web takes no argument", false)
	says("web --revoke b1 b2", "web takes no argument", false)
	says("web --list --revoke", "not both at once", false)
	says("help web", "web [--list | --revoke [BROWSER]]", true)

	page.there = []api.Browser{
		{ID: "b1", SignedIn: time.Now().Add(-3 * time.Hour), LastSeen: time.Now().Add(-time.Minute), From: "203.0.113.7", Agent: "Firefox\x1b[31m"},
		{ID: "b2"}, {ID: "b3"},
	}
	says("web --list", "signed in 3h00m ago", true)
	if text, _ := runs(t, client, "web --list"); strings.Contains(text, "\x1b") || !strings.Contains(text, "Firefox[31m") {
		t.Errorf("the list is %q", text)
	}
	says("web --revoke b1", "The browser is signed out.", true)
	says("web --revoke --json", `{"revoked":2}`, true)
	_, events := trailOf(t, dir)
	var out []audit.Event
	for _, e := range events {
		if e.Kind == audit.BrowserSignedOut {
			out = append(out, e)
		}
	}
	if len(out) != 3 || out[0].Detail != "browser b1, by the command web" || out[0].Login != "ada" || out[0].Remote == "" {
		t.Errorf("recorded are %+v", out)
	}
}

func TestWebCommandWithoutAPage(t *testing.T) {
	l := newLab(t, nil)
	for _, command := range []string{"web", "web --list", "web --revoke"} {
		if text, ok := runs(t, l.dial(), command); ok || !strings.Contains(text, "this gateway has no page for browsers") {
			t.Errorf("%s says %q", command, text)
		}
	}
}

// TestResumeCommand goes into one's own session and into nobody else's.
func TestResumeCommand(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	if text, ok := runs(t, client, "resume x"); ok || !strings.Contains(text, "resume needs a terminal") {
		t.Errorf("without a terminal it says %q", text)
	}
	if text, ok := runs(t, client, "help"); !ok || strings.Contains(text, "resume") {
		t.Errorf("the help has it: %q", text)
	}
	l.fill()
	for _, id := range []string{l.sessionOf("bob"), "none", "'a b'"} {
		c := open(t, client, "resume "+id)
		c.shows("That session has ended")
		c.shows("Only stage")
		c.types("q")
		c.wantEnd()
	}
	c := open(t, client, "")
	c.enter()
	c.types("say anchor\r")
	c.expect("said anchor")
	own := l.sessionOf("ada")
	_ = c.session.Close()
	back := open(t, client, "resume "+own)
	back.expect("said anchor")
	back.types("exit 0\r")
	back.shows("Only stage") // and on to the picker, on the same terminal
	for wrong, says := range map[string]string{
		"resume": "name one session of yours", "resume a 1 b": "name one session of yours",
		"resume a b": `"b" is no epoch`, "resume a 0": `"0" is no epoch`,
	} {
		odd := open(t, client, wrong)
		odd.expect(says)
	}
}

// wantEnd waits for the end with status 0.
func (c *terminal) wantEnd() {
	c.t.Helper()
	if err := c.session.Wait(); err != nil {
		c.t.Errorf("the session ended with %v", err)
	}
}
