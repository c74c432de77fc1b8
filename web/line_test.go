package web

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/crypto/ssh"

	"lectern/gateway/auth"
	"lectern/web/api"
)

// TestTerminal: what is typed and shown, sizes, news and pings.
func TestTerminal(t *testing.T) {
	h := newHouse(t)
	s, term := h.visit(ada).enter("/ws")
	if term.user != "ada" || term.command != "" || term.environ["COLORTERM"] != "truecolor" || term.newest() != (size{100, 40}) {
		t.Errorf("the terminal is of %q, runs %q in %v, %v", term.user, term.command, term.environ, term.newest())
	}
	term.print("hello \x1b[1m⚓\x1b[0m")
	s.shows("\x1b[1m⚓")
	s.types("kl\x03")
	s.say(map[string]any{"type": "input", "data": "müde\r"})
	term.reads("kl\x03müde\r")
	for cols := 10; cols <= 200; cols++ {
		s.say(map[string]any{"type": "resize", "cols": cols, "rows": 50})
	}
	eventually(t, "the newest size", func() bool { return term.newest() == size{200, 50} })
	s.say(map[string]any{"type": "ping"})
	s.hears("pong")
	h.gateway.tell(api.News{Type: api.StageComplete, Course: "tides", Stage: 2})
	if m := s.hears("stage_complete"); m["course"] != "tides" || m["stage"] != 2.0 {
		t.Errorf("the news are %v", m)
	}
	term.ends("", 0)
	s.ends(websocket.StatusNormalClosure, false, "You have left.")
	eventually(t, "the WebSocket to be forgotten", func() bool { return h.server.sockets.count() == 0 })
}

// TestSessionInto: the session of the address goes into the command as one word,
// whatever is in it.
func TestSessionInto(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	for asked, want := range map[string]string{
		"0123abcd": "resume -- '0123abcd'", "a%20b": "resume -- 'a b'", "x%27%3B+web+%27": `resume -- 'x'\''; web '\'''`,
		"ab&epoch=12": "resume -- 'ab' 12", "ab&epoch=": "resume -- 'ab'", "&epoch=3": "",
		"%0A": "resume -- '\n'", "%F0%28": "resume -- '\xf0('",
	} {
		s, term := b.enter("/ws?sessionId=" + asked)
		if term.command != want {
			t.Errorf("sessionId=%s runs %q, want %q", asked, term.command, want)
		}
		term.ends("", 0)
		s.ends(websocket.StatusNormalClosure, false, "You have left.")
	}
}

// TestOlderClient is one of the system before: it names no subprotocol, may tell
// no size, and acknowledges nothing.
func TestOlderClient(t *testing.T) {
	h := newHouse(t)
	s := h.visit(ada).dial("/ws")
	s.with(func() { s.acks = false })
	term := h.gateway.next()
	if term.newest() != (size{80, 24}) {
		t.Errorf("the size is %v", term.newest())
	}
	s.say(map[string]any{"type": "input", "data": "1\r"})
	term.reads("1\r")
	s.say(map[string]any{"type": "resize", "cols": 90, "rows": 30})
	eventually(t, "the size", func() bool { return term.newest() == size{90, 30} })
	flood := strings.Repeat("0123456789abcdef", 64<<10)
	term.print(flood + "end")
	s.shows(flood + "end")
	s.say(map[string]any{"type": "ping"})
	s.hears("pong")
	term.ends("", 0)
	s.ends(websocket.StatusNormalClosure, false, "You have left.")
}

// TestEnds has every way in which a terminal ends by itself.
func TestEnds(t *testing.T) {
	cases := map[string]struct {
		end   func(*terminal)
		code  websocket.StatusCode
		again bool
		words string
	}{
		"by own wish":      {func(term *terminal) { term.ends("", 0) }, websocket.StatusNormalClosure, false, "You have left."},
		"in words":         {func(term *terminal) { term.ends("a remark\r\nGoodbye.", 0) }, websocket.StatusNormalClosure, false, "Goodbye."},
		"taken over":       {func(term *terminal) { term.ends("Another terminal has taken over.", 1) }, websocket.StatusNormalClosure, false, "Another terminal has taken over."},
		"without words":    {func(term *terminal) { term.ends("", 3) }, websocket.StatusNormalClosure, false, "status 3"},
		"restart":          {func(term *terminal) { term.ends("The gateway is restarting.", 75) }, websocket.StatusGoingAway, true, "The gateway is restarting."},
		"without a status": {func(term *terminal) { _ = term.channel.Close() }, websocket.StatusInternalError, true, "lost"},
		"long words": {
			func(term *terminal) { term.ends(strings.Repeat("ü", 300)+".", 1) }, websocket.StatusNormalClosure, false, "ü",
		},
		"words without end": {
			func(term *terminal) { term.ends(strings.Repeat("x", 5000)+"\r\nDone.", 1) }, websocket.StatusNormalClosure, false, "Done.",
		},
	}
	h := newHouse(t)
	b := h.visit(ada)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, term := b.enter("/ws")
			c.end(term)
			s.t = t
			s.ends(c.code, c.again, c.words)
		})
	}
}

// TestRefusedBehindTheDoor: what the gateway refuses is told in its words.
func TestRefusedBehindTheDoor(t *testing.T) {
	rejecting := func(reason ssh.RejectionReason, words string) func(*double) {
		return func(d *double) {
			d.reject = func(c ssh.NewChannel) bool { _ = c.Reject(reason, words); return true }
		}
	}
	entering := func(err error) func(*double) {
		return func(d *double) { d.enter = func() error { return err } }
	}
	telling := func(banner string) func(*double) { return func(d *double) { d.banner = banner } }
	cases := map[string]struct {
		set   func(*double)
		code  websocket.StatusCode
		again bool
		words string
	}{
		"too many sessions": {rejecting(ssh.ResourceShortage, "you have 20 sessions already; close one"), websocket.StatusTryAgainLater, true, "You have 20 sessions already; close one."},
		"not allowed":       {rejecting(ssh.Prohibited, "not signed in"), websocket.StatusPolicyViolation, false, "Not signed in."},
		"full":              {entering(&api.Refused{Kind: api.Unavailable, Detail: "There are too many connections."}), websocket.StatusTryAgainLater, true, "too many connections"},
		"at the sign-in":    {telling("There is no record to keep.\r\n"), websocket.StatusTryAgainLater, true, "There is no record to keep."},
		"unwelcome":         {entering(&api.Refused{Kind: api.Unwelcome, Detail: "Your key was taken away."}), websocket.StatusPolicyViolation, false, "taken away"},
		"fault":             {entering(errors.New("secret of the machine")), websocket.StatusInternalError, true, "Something went wrong here."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.gateway.change(func() { c.set(h.gateway) })
			s := h.visit(ada).dial("/ws", subprotocol)
			s.say(map[string]any{"type": "resize", "cols": 80, "rows": 24})
			s.ends(c.code, c.again, c.words)
			if faulty := strings.Contains(h.log.String(), "secret"); faulty != (name == "fault") {
				t.Errorf("the log says %s", h.log.String())
			}
		})
	}
}

// TestRestart: with Close the pages are told to come back, also in the middle of
// a flood.
func TestRestart(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	quiet, _ := b.enter("/ws")
	flooded, term := b.enter("/ws")
	flooded.with(func() { flooded.keeps = false })
	stop := flood(term)
	defer stop()
	eventually(t, "the flood", func() bool { flooded.mu.Lock(); defer flooded.mu.Unlock(); return flooded.bytes > 1<<20 })
	within(t, 5*time.Second, "the restart", func() {
		h.close()
		quiet.ends(websocket.StatusGoingAway, true, "restarting")
		flooded.ends(websocket.StatusGoingAway, true, "restarting")
	})
	if h.server.enter() {
		t.Error("another WebSocket is let in")
	}
	h.open(h.http.Listener.Addr().String())
	b.get("/api/me").want(200) // who was signed in before the restart is
	s, _ := b.enter("/ws")
	s.types("x")
}

// TestSignedOut: whoever is signed out is shown out at once, from every terminal
// of that browser and from no other.
func TestSignedOut(t *testing.T) {
	h := newHouse(t)
	b, other, bob := h.visit(ada), h.visit(ada), h.visit(auth.Identity{Login: "bob", Fingerprint: "SHA256:bob"})
	one, flooding := b.enter("/ws")
	one.with(func() { one.keeps = false })
	defer flood(flooding)()
	two, _ := b.enter("/ws")
	three, _ := other.enter("/ws")
	four, _ := bob.enter("/ws")
	b.request("DELETE", "/api/me", nil).want(204)
	for _, s := range []*sock{one, two} {
		s.ends(websocket.StatusPolicyViolation, false, "signed out")
	}
	b.get("/api/me").refused(401, "web")
	if conn, answer, err := b.tryDial("/ws", subprotocol); err == nil || answer.StatusCode != 401 {
		t.Errorf("a WebSocket opens: %v, %v", conn, err)
	}
	if gone, err := h.server.Revoke("ada", ""); err != nil || len(gone) != 1 {
		t.Errorf("revoked are %v, %v", gone, err)
	}
	three.ends(websocket.StatusPolicyViolation, false, "signed out")
	four.say(map[string]any{"type": "ping"})
	four.hears("pong")
	if out := h.gateway.noted(api.SignedOut); len(out) != 1 || out[0].Who.Login != "ada" || out[0].Why != api.FromPage || out[0].Browser == "" {
		t.Errorf("noted is %+v", out)
	}
}

// TestLooksAgain: a key that was taken away ends the terminal, and what cannot be
// looked up does not.
func TestLooksAgain(t *testing.T) {
	h := newHouse(t, func(_ *Options, p *pace) { p.look = 20 * time.Millisecond })
	s, _ := h.visit(ada).enter("/ws")
	looked := 0
	h.gateway.change(func() {
		h.gateway.still = func(who auth.Identity) (auth.Identity, error) {
			if looked++; looked < 5 {
				return who, &api.Refused{Kind: api.Unavailable, Detail: "GitHub cannot be reached."}
			}
			return who, &api.Refused{Kind: api.Unwelcome, Detail: "Your key was taken away."}
		}
	})
	s.ends(websocket.StatusPolicyViolation, false, "Your key was taken away.")
	if looked < 5 {
		t.Errorf("it was looked %d times", looked)
	}
}

// TestExpires: a page that is left open is shown out when its sign-in ends.
func TestExpires(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	h.clock.move(7*24*time.Hour - 2*time.Second)
	b.get("/api/me").want(200)
	s, _ := b.enter("/ws")
	within(t, 5*time.Second, "the end", func() { s.ends(websocket.StatusPolicyViolation, false, "as long as that lasts") })
	h.clock.move(time.Second)
	b.get("/api/me").refused(401, "web")
}

// TestPageGone: nothing stays of a page that has gone.
func TestPageGone(t *testing.T) {
	h := newHouse(t)
	s, term := h.visit(ada).enter("/ws")
	_ = s.conn.CloseNow()
	eventually(t, "the terminal to end", term.hasEnded)
	eventually(t, "the WebSocket to be forgotten", func() bool { return h.server.sockets.count() == 0 })
}

// TestTooManyTerminals of one learner, from however many browsers.
func TestTooManyTerminals(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	var first *sock
	for range mostSocketsOfLearner {
		s, _ := b.enter("/ws")
		if first == nil {
			first = s
		}
	}
	s := h.visit(ada).dial("/ws", subprotocol)
	s.ends(websocket.StatusTryAgainLater, true, "Close one")
	_ = first.conn.CloseNow()
	eventually(t, "room for another", func() bool { return h.server.sockets.count() < mostSocketsOfLearner })
	b.enter("/ws")
}
