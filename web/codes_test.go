package web

import (
	"testing"
	"time"

	"lectern/gateway/auth"
)

// A link that is taken back while it is being used does not stand.
func TestLinkTakenBackInUse(t *testing.T) {
	c := newCodes(time.Now)
	text, _ := c.mint(auth.Identity{Login: "ada"})
	link, ok := c.redeem(text)
	if !ok || link.who.Login != "ada" || !c.stands(link) {
		t.Fatalf("the link gives %+v, %v", link, ok)
	}
	c.forget("bob")
	if !c.stands(link) {
		t.Error("it does not stand, though bob's links were taken back and not ada's")
	}
	c.forget("ada")
	if c.stands(link) {
		t.Error("it stands, though it was taken back")
	}
	c.restore(link)
	if who, ok := c.of(text); ok {
		t.Errorf("a sign-in that failed has brought back the link of %s, which was taken back", who.Login)
	}
}

// TestLinkRestored is good again, once, and for as long as it was.
func TestLinkRestored(t *testing.T) {
	at := &clock{}
	c := newCodes(at.now)
	text, _ := c.mint(auth.Identity{Login: "ada"})
	for range 2 {
		link, ok := c.redeem(text)
		if !ok {
			t.Fatal("the link is not good")
		}
		if _, again := c.redeem(text); again {
			t.Error("it is good twice")
		}
		c.restore(link)
	}
	at.move(codeLife)
	if _, ok := c.redeem(text); ok {
		t.Error("it outlives its time")
	}
}
