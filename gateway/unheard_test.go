package gateway

import (
	"strings"
	"testing"
	"time"

	"lectern/sandbox"
)

// TestUnheard: who has heard of an end is not told again, in whatever order that
// and the end itself come.
func TestUnheard(t *testing.T) {
	of := func(session string) sandbox.Info { return sandbox.Info{Login: "ada", Session: session} }
	idle := sandbox.Exit{Ending: sandbox.Idle, Reason: "Nothing was typed."}
	over := sandbox.Exit{Ending: sandbox.LifeOver, Reason: "It is over."}
	for name, c := range map[string]struct {
		happens func(u *unheard)
		told    string
	}{
		"nothing":                     {func(*unheard) {}, ""},
		"unheard":                     {func(u *unheard) { u.ended(of("a"), idle) }, idle.Reason},
		"the newer one":               {func(u *unheard) { u.ended(of("a"), idle); u.ended(of("b"), over) }, over.Reason},
		"heard afterwards":            {func(u *unheard) { u.ended(of("a"), idle); u.heard(of("a")) }, ""},
		"heard before":                {func(u *unheard) { u.heard(of("a")); u.ended(of("a"), idle) }, ""},
		"heard, and the next one not": {func(u *unheard) { u.heard(of("a")); u.ended(of("a"), idle); u.ended(of("b"), over) }, over.Reason},
		"of another since":            {func(u *unheard) { u.ended(of("a"), idle); u.heard(of("b")); u.ended(of("b"), over) }, ""},
		"ended by the learner":        {func(u *unheard) { u.ended(of("a"), sandbox.Exit{Ending: sandbox.Killed, Reason: endedFromPage}) }, ""},
		"replaced by the learner":     {func(u *unheard) { u.ended(of("a"), sandbox.Exit{Ending: sandbox.Killed, Reason: replaced}) }, ""},
		"of another learner":          {func(u *unheard) { u.ended(sandbox.Info{Login: "bob", Session: "a"}, idle) }, ""},
		"told once":                   {func(u *unheard) { u.ended(of("a"), idle); u.take("ada") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := &unheard{ends: make(map[string]end)}
			c.happens(u)
			if exit, ok := u.take("ada"); exit.Reason != c.told || ok != (c.told != "") {
				t.Errorf("told is %q, %t, want %q", exit.Reason, ok, c.told)
			}
		})
	}
}

// TestEndWhileNobodyIsThere: whoever comes next reads in the picker why.
func TestEndWhileNobodyIsThere(t *testing.T) {
	l := newLab(t, nil)
	awaitEnd := func() {
		t.Helper()
		ended := func() bool {
			l.server.unheard.mu.Lock()
			defer l.server.unheard.mu.Unlock()
			return l.server.unheard.ends["ada"].exit != nil
		}
		for deadline := time.Now().Add(10 * time.Second); !ended(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("nobody was told of the end")
			}
		}
	}
	leaves := func() (session string) {
		t.Helper()
		client := l.dial()
		c := open(t, client, "")
		c.enter()
		session = l.sessionOf("ada")
		_ = client.Close()
		sb, _, err := l.server.Backend.Find(t.Context(), "ada")
		if err == nil {
			err = sb.Kill(t.Context(), "The lesson hall closes.")
		}
		if err != nil {
			t.Fatal(err)
		}
		awaitEnd()
		return session
	}
	leaves()
	c := open(t, l.dial(), "")
	c.shows("The lesson hall closes.")
	c = open(t, l.dial(), "")
	c.shows("Only stage")
	if strings.Contains(c.screen.All(), "hall") {
		t.Error("they are told a second time")
	}
	client, _ := l.enters(l.ada())
	c = open(t, client, "resume '"+leaves()+"' 1")
	c.shows("The lesson hall closes.")
	c.enter() // and goes on
	if sb, _, err := l.server.Backend.Find(t.Context(), "ada"); err != nil || sb.Kill(t.Context(), "In front of them.") != nil {
		t.Fatal(err)
	}
	c.shows("In front of them.")
	c = open(t, l.dial(), "")
	c.shows("Only stage")
	if strings.Contains(c.screen.All(), "In front") {
		t.Error("they are told again what they have seen")
	}
}
