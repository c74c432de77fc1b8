package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lectern/internal/lecterntest/browser"
)

// attempts are what a page of another site has its visitor's browser do. Each
// tells what became of it.
var attempts = map[string]struct{ script, want string }{
	"open the WebSocket":                    {`opened('ws://LAB/ws', 'lectern.v1')`, "refused"},
	"open the WebSocket by no protocol":     {`opened('ws://LAB/ws')`, "refused"},
	"read who one is":                       {`fetch('http://LAB/api/me', { credentials: 'include' }).then((r) => r.text(), () => 'refused')`, "refused"},
	"start a session":                       {`fetch('http://LAB/api/sessions', post('application/json')).then((r) => r.text(), () => 'refused')`, "refused"},
	"start a session without being told so": {`fetch('http://LAB/api/sessions', { ...post('text/plain'), mode: 'no-cors' }).then((r) => r.type, () => 'refused')`, "refused"},
	// By a link of bob's that is good, said to be for ada.
	"sign the browser in":                       {`fetch('http://LAB/api/sign-in', bobs('application/json')).then((r) => r.text(), () => 'refused')`, "refused"},
	"sign the browser in without being told so": {`fetch('http://LAB/api/sign-in', { ...bobs('text/plain'), mode: 'no-cors' }).then((r) => r.type, () => 'refused')`, "refused"},
	"sign the browser out":                      {`fetch('http://LAB/api/me', { method: 'DELETE', credentials: 'include' }).then((r) => r.text(), () => 'refused')`, "refused"},
}

// means is what the attempts are made with.
const means = `
	window.opened = (...how) => new Promise((tell) => {
		const socket = new WebSocket(...how);
		socket.onopen = () => tell('open');
		socket.onerror = () => tell('refused');
	});
	window.post = (type) => ({ method: 'POST', credentials: 'include', headers: { 'Content-Type': type }, body: '{"course": "two-steps"}' });
	window.bobs = (type) => ({ ...post(type), body: '{"code": "CODE", "instead": "ada"}' });
`

// TestOtherSites lets pages of other origins try to use the one that a learner is
// signed in to: one on the same machine, whose requests have the learner's cookie,
// and one of another name.
func TestOtherSites(t *testing.T) {
	l := startLab(t, shortCourse)
	lab, _ := url.Parse(l.url)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>Elsewhere</title><link rel=icon href=data:,>"))
	}))
	t.Cleanup(elsewhere.Close)
	at, _ := url.Parse(elsewhere.URL)

	b := l.open(browser.Desktop)
	b.Sees("› ▸ open    1  Counting")
	b.Provoke(`the page asked another host: http://[^/]*:` + at.Port() + `/`)
	b.Provoke(`the browser said: \w+: (Failed to load resource|Access to fetch|WebSocket connection)`)
	_, code, _ := strings.Cut(l.linkOf("bob"), "#")
	b.BeforeEach(strings.ReplaceAll(means, "CODE", code))
	for _, origin := range []string{elsewhere.URL, "http://localhost:" + at.Port()} {
		b.Goto(origin)
		for what, attempt := range attempts {
			script := regexp.MustCompile("LAB").ReplaceAllString(attempt.script, lab.Host)
			if got := browser.Eval[string](b, script); got != attempt.want {
				t.Errorf("a page of %s may %s: %s, want %s", origin, what, got, attempt.want)
			}
		}
	}

	// Nothing of it had any effect, and from its own page all of it is allowed.
	b.Goto(l.url)
	b.Sees("› ▸ open    1  Counting")
	if got := browser.Eval[string](b, `fetch('api/sessions').then((r) => r.text())`); got != "[]\n" {
		t.Errorf("after all that these sessions are there: %s", got)
	}
	for what, want := range map[string]string{
		`opened('ws', 'lectern.v1')`:                                                    "open",
		`fetch('api/me').then((r) => r.json()).then((me) => me.login)`:                  "ada",
		`fetch('api/sessions', post('application/json')).then((r) => 'is ' + r.status)`: "is 201",
	} {
		if got := browser.Eval[string](b, what); got != want {
			t.Errorf("on its own page %s gives %q, want %q", what, got, want)
		}
	}

	// The link is still good, and its page may do what the others tried.
	if said := l.runOf("bob", "web", "--list"); said != "No browser is signed in as you.\n" {
		t.Errorf("after all that bob is told %q", said)
	}
	if got := browser.Eval[string](b, `fetch('api/sign-in', bobs('application/json')).then((r) => 'is ' + r.status)`); got != "is 204" {
		t.Errorf("on its own page the link signs in: %s, want 204", got)
	}
	if got := browser.Eval[string](b, `fetch('api/me').then((r) => r.json()).then((me) => me.login)`); got != "bob" {
		t.Errorf("then the browser is %s's", got)
	}

	// By another name it is no page at all: that name may be anybody's.
	b.Provoke(`the page asked another host: http://localhost:` + lab.Port())
	b.Goto(fmt.Sprintf("http://localhost:%s/", lab.Port()))
	b.Shows("body", "by no other name")
}
