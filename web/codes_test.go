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
}
