package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"lectern/gateway/auth"
	"lectern/web/api"
)

func TestSignIn(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	if c := b.cookie; c.Name != "lectern" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/" || c.Domain != "" || c.Expires.IsZero() {
		t.Errorf("the cookie is %v", c)
	}
	var me api.Me
	b.get("/api/me").into(&me)
	if me.Login != "ada" || me.Admin || !me.Recorded || me.Expires.Sub(me.SignedIn) != 7*24*time.Hour {
		t.Errorf("me is %+v", me)
	}
	h.visit(auth.Identity{Login: "root"}).get("/api/me").into(&me)
	if !me.Admin {
		t.Error("an admin is none")
	}
	in := h.gateway.noted(api.SignedIn)
	if len(in) != 2 || in[0].Who != ada || in[0].Browser == "" || !strings.HasPrefix(in[0].From.String(), "127.0.0.1:") {
		t.Errorf("noted is %+v", in)
	}
	if text := h.log.String(); strings.Contains(text, b.cookie.Value) {
		t.Error("the log has the token")
	}
}

// TestCookieOverTLS is one that no other host can set.
func TestCookieOverTLS(t *testing.T) {
	h := newHouse(t, func(o *Options, _ *pace) { o.PublicURL = "https://Lab.Example.org:443/" })
	link, err := h.server.Invite(ada)
	if err != nil || !strings.HasPrefix(link.URL, "https://lab.example.org/#") {
		t.Fatalf("the link is %v, %v", link, err)
	}
	b := h.stranger()
	as := func(r *http.Request) { r.Host = "lab.example.org"; r.Header.Set("Origin", "https://lab.example.org") }
	r := b.post("/api/sign-in", map[string]string{"code": strings.Split(link.URL, "#")[1]}, as)
	r.want(http.StatusNoContent)
	b.cookie = r.cookie()
	if c := b.cookie; c.Name != "__Host-lectern" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %v", c)
	}
	b.get("/api/me", as).want(http.StatusOK)
	if r.Header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers may come by plain HTTP again")
	}
	b.get("/api/me", as, func(r *http.Request) { r.Host = "lab.example.org.evil.example" }).want(http.StatusMisdirectedRequest)
	b.cookie.Name = "lectern"
	b.get("/api/me", as).want(http.StatusUnauthorized)
}

// TestLinks that do not work.
func TestLinks(t *testing.T) {
	h := newHouse(t)
	b := h.stranger()
	used := h.code(ada)
	b.post("/api/sign-in", map[string]string{"code": used}).want(http.StatusNoContent)
	old := h.code(ada)
	h.clock.move(codeLife)
	for name, code := range map[string]any{
		"used": used, "old": old, "empty": "", "none": nil, "longer": h.code(ada) + "A", "shorter": h.code(ada)[1:],
		"long": strings.Repeat("x", 5000), "of another alphabet": "한국어", "with bytes that are none": "\xff\x00",
	} {
		r := b.post("/api/sign-in", map[string]any{"code": code})
		r.refused(http.StatusUnauthorized, "works once, for two minutes")
		if r.cookie() != nil {
			t.Errorf("a link that is %s gives a cookie", name)
		}
	}
	if refused := h.gateway.noted(api.LinkRefused); len(refused) != 9 || refused[0].Who != (auth.Identity{}) {
		t.Errorf("%d were noted as refused: %+v", len(refused), refused[0])
	}
	// Five at a time, of which the oldest makes room.
	first := h.code(ada)
	others := []string{}
	for range mostCodes {
		others = append(others, h.code(ada))
	}
	b.post("/api/sign-in", map[string]string{"code": first}).want(http.StatusUnauthorized)
	for _, code := range others {
		b.post("/api/sign-in", map[string]string{"code": " " + code + "\n"}).want(http.StatusNoContent)
	}
	// Whoever signs all browsers out takes back the links that are on their way.
	away := h.code(ada)
	if _, err := h.server.Revoke("ada", ""); err != nil {
		t.Fatal(err)
	}
	b.post("/api/sign-in", map[string]string{"code": away}).want(http.StatusUnauthorized)
}

// TestGuesses: who guesses is told to wait, and stands in nobody's way.
func TestGuesses(t *testing.T) {
	h := newHouse(t)
	b := h.stranger()
	guess := func(n int) *answered {
		return b.post("/api/sign-in", map[string]string{"code": fmt.Sprintf("%022d", n)})
	}
	for n := range guessesAtOnce {
		guess(n).want(http.StatusUnauthorized)
	}
	lines := strings.Count(h.log.String(), "refused a link")
	for n := range 10 {
		r := guess(n)
		r.refused(http.StatusTooManyRequests, "Too many links")
		if r.Header.Get("Retry-After") != "60" {
			t.Errorf("Retry-After is %q", r.Header.Get("Retry-After"))
		}
	}
	if now := strings.Count(h.log.String(), "refused a link"); lines != guessesAtOnce || now != lines {
		t.Errorf("the log has %d lines, then %d", lines, now)
	}
	for range 3 * guessesAtOnce {
		h.visit(ada) // from the same address
	}
	guess(0).want(http.StatusTooManyRequests)
	h.clock.move(guessEvery)
	guess(0).want(http.StatusUnauthorized)
	guess(0).want(http.StatusTooManyRequests)
	if n := len(h.gateway.noted(api.LinkRefused)); n != guessesAtOnce+13 {
		t.Errorf("%d are noted", n)
	}
}

// TestUnwelcome: the key whose word a browser has was taken away.
func TestUnwelcome(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	fail := func(err error) {
		h.gateway.change(func() {
			h.gateway.still = func(who auth.Identity) (auth.Identity, error) { return who, err }
		})
	}
	fail(&api.Refused{Kind: api.Unwelcome, Detail: "Your key is gone."})
	b.get("/api/courses").refused(http.StatusUnauthorized, "Your key is gone.")
	if _, answer, err := b.tryDial("/ws", subprotocol); err == nil || answer.StatusCode != http.StatusUnauthorized {
		t.Error("a terminal opens")
	}
	fail(&api.Refused{Kind: api.Unavailable, Detail: "GitHub cannot be reached."})
	b.get("/api/me").refused(http.StatusServiceUnavailable, "GitHub")
	fail(errors.New("secret of the machine"))
	r := b.get("/api/me")
	r.refused(http.StatusInternalServerError, "Something went wrong")
	if strings.Contains(string(r.body), "secret") || !strings.Contains(h.log.String(), "secret") {
		t.Errorf("the answer is %s and the log %s", r.body, h.log.String())
	}
	fail(nil)
	b.get("/api/me").want(http.StatusOK)
}

// TestUnnoted: where nobody may come in without a record, nobody does, and the link
// is as good as before.
func TestUnnoted(t *testing.T) {
	h := newHouse(t)
	h.gateway.change(func() {
		h.gateway.note = func(api.DoorEvent) error { return &api.Refused{Kind: api.Unavailable, Detail: "There is no trail."} }
	})
	code := map[string]string{"code": h.code(ada)}
	r := h.stranger().post("/api/sign-in", code)
	r.refused(http.StatusServiceUnavailable, "no trail")
	if own, err := h.server.Browsers("ada"); err != nil || len(own) != 0 || r.cookie() != nil {
		t.Errorf("it is signed in: %v, %v", own, err)
	}
	h.gateway.change(func() { h.gateway.note = nil })
	h.stranger().post("/api/sign-in", code).want(http.StatusNoContent)
	h.stranger().post("/api/sign-in", code).want(http.StatusUnauthorized)
}

// TestBrowsers: they are listed to their learner, revoked one by one, and more
// than twenty push out the one that was not seen for the longest.
func TestBrowsers(t *testing.T) {
	h := newHouse(t)
	phone := h.stranger()
	phone.header.Set("User-Agent", "Phone "+strings.Repeat("ü", agentLength))
	r := phone.post("/api/sign-in", map[string]string{"code": h.code(ada)})
	phone.cookie = r.cookie()
	oldest, _ := phone.enter("/ws")
	h.clock.move(time.Minute)
	var second *visiting
	for range mostBrowsers - 1 {
		h.clock.move(time.Second)
		b := h.visit(ada)
		if second == nil {
			second = b
		}
	}
	own, err := h.server.Browsers("ada")
	if err != nil || len(own) != mostBrowsers {
		t.Fatalf("%d are signed in, %v", len(own), err)
	}
	last := own[len(own)-1]
	if !strings.HasPrefix(last.Agent, "Phone") || len(last.Agent) > agentLength || last.From != "127.0.0.1" || own[0].SignedIn.Before(last.SignedIn) {
		t.Errorf("the first one is %+v", last)
	}
	h.visit(ada) // and one more
	oldest.ends(websocket.StatusPolicyViolation, false, "signed out")
	phone.get("/api/me").want(http.StatusUnauthorized)
	if out := h.gateway.noted(api.SignedOut); len(out) != 1 || out[0].Browser != last.ID || out[0].Why != api.ForNewer {
		t.Errorf("noted is %+v", out)
	}
	h.clock.move(seenEvery)
	second.get("/api/me").want(http.StatusOK)
	if own, err = h.server.Browsers("ada"); err != nil || len(own) != mostBrowsers || own[0].LastSeen.Sub(own[1].LastSeen) < 30*time.Second {
		t.Errorf("it was not noted who was seen: %+v, %v", own[0], err)
	}
	if gone, err := h.server.Revoke("bob", own[0].ID); err != nil || len(gone) != 0 {
		t.Errorf("another learner revokes %v, %v", gone, err)
	}
	if gone, err := h.server.Revoke("ada", own[0].ID); err != nil || len(gone) != 1 || gone[0] != own[0].ID {
		t.Errorf("revoked are %v, %v", gone, err)
	}
	second.get("/api/me").want(http.StatusUnauthorized)
	if gone, err := h.server.Revoke("ada", "none"); err != nil || len(gone) != 0 {
		t.Errorf("revoked are %v, %v", gone, err)
	}
	h.clock.move(8 * 24 * time.Hour)
	if own, err := h.server.Browsers("ada"); err != nil || len(own) != 0 {
		t.Errorf("%d are signed in for ever, %v", len(own), err)
	}
}

// TestPushedOut: a browser that had to make room has no terminal any more, also
// where the one that it made room for could not come in.
func TestPushedOut(t *testing.T) {
	h := newHouse(t)
	oldest := h.visit(ada)
	terminal, _ := oldest.enter("/ws")
	h.clock.move(time.Minute)
	for range mostBrowsers - 1 {
		h.visit(ada)
	}
	h.gateway.change(func() {
		h.gateway.note = func(e api.DoorEvent) error {
			if e.Kind == api.SignedIn {
				return &api.Refused{Kind: api.Unavailable, Detail: "There is no trail."}
			}
			return nil
		}
	})
	h.stranger().post("/api/sign-in", map[string]string{"code": h.code(ada)}).want(http.StatusServiceUnavailable)
	terminal.ends(websocket.StatusPolicyViolation, false, "signed out")
}

// TestRevokedMeanwhile: a browser that is signed out between its request and its
// being counted in has no terminal.
func TestRevokedMeanwhile(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	h.gateway.change(func() {
		h.gateway.still = func(who auth.Identity) (auth.Identity, error) { // it is looked up, and then
			_, err := h.server.Revoke("ada", "")
			return who, err
		}
	})
	s := b.dial("/ws", subprotocol)
	s.say(map[string]any{"type": "resize", "cols": 80, "rows": 24})
	s.ends(websocket.StatusPolicyViolation, false, "signed out")
}

// TestTokensAreNowhere: the file of the browsers opens nothing to who reads it.
func TestTokensAreNowhere(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	kept, err := os.ReadFile(h.path)
	if err != nil || !bytes.Contains(kept, []byte(`"login":"ada"`)) || bytes.Contains(kept, []byte(b.cookie.Value)) {
		t.Errorf("the file is not as it is to be: %v", err)
	}
	b.cookie.Value = strings.Repeat("A", 43)
	b.get("/api/me").want(http.StatusUnauthorized)
	for _, value := range []string{"", "a b", strings.Repeat("x", 4000)} {
		b.cookie.Value = value
		b.get("/api/me").want(http.StatusUnauthorized)
	}
}
