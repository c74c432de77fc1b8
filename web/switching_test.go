package web

import (
	"encoding/json"
	"net/http"
	"testing"

	"lectern/gateway/auth"
	"lectern/web/api"
)

// TestLinkOfSomebodyElse: who is led to another learner's link stays who they are,
// unless they say that they do not want to.
func TestLinkOfSomebodyElse(t *testing.T) {
	h := newHouse(t)
	bob := auth.Identity{Login: "bob", Via: auth.ViaGitHub, Fingerprint: "SHA256:bob"}
	b := h.visit(ada)
	open, _ := b.enter("/ws")
	link := h.code(bob)
	for _, instead := range []string{"", "bob", "root"} {
		r := b.post("/api/sign-in", map[string]string{"code": link, "instead": instead})
		r.refused(http.StatusConflict, "signed in as ada, and the link is of bob")
		var p api.Problem
		if err := json.Unmarshal(r.body, &p); err != nil || p.SignedInAs != "ada" || p.LinkOf != "bob" || r.cookie() != nil {
			t.Errorf("the answer is %s", r.body)
		}
	}
	var me api.Me
	if b.get("/api/me").into(&me); me.Login != "ada" {
		t.Errorf("the browser is signed in as %s", me.Login)
	}
	if in := h.gateway.noted(api.SignedIn); len(in) != 1 {
		t.Errorf("noted is %+v", in)
	}

	// The link stays good, and ada is signed out by it on her own word.
	r := b.post("/api/sign-in", map[string]string{"code": link, "instead": "ada"})
	r.want(http.StatusNoContent)
	open.ends(1001, true, "signed in anew") // the page comes back, as bob, and says so
	b.get("/api/me").want(http.StatusUnauthorized)
	out := h.gateway.noted(api.SignedOut)
	if len(out) != 1 || out[0].Who.Login != "ada" || out[0].Why != api.Replaced {
		t.Errorf("noted is %+v", out)
	}
	b.cookie = r.cookie()
	if b.get("/api/me").into(&me); me.Login != "bob" {
		t.Errorf("the browser is signed in as %s", me.Login)
	}

	// Nobody is asked about one who may not be here any more.
	h.gateway.change(func() {
		h.gateway.still = func(who auth.Identity) (auth.Identity, error) {
			return who, &api.Refused{Kind: api.Unwelcome, Detail: "Your key is gone."}
		}
	})
	if r = b.post("/api/sign-in", map[string]string{"code": h.code(ada)}); r.StatusCode != http.StatusNoContent {
		t.Errorf("the answer is %s", r.body)
	}
	h.gateway.change(func() { h.gateway.still = nil })
	b.cookie = h.visit(bob).cookie

	// A newer link of one's own asks nothing, nor does one that is none.
	b.post("/api/sign-in", map[string]string{"code": h.code(bob)}).want(http.StatusNoContent)
	b = h.visit(ada)
	b.post("/api/sign-in", map[string]string{"code": link}).want(http.StatusUnauthorized)
}
