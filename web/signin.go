package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"lectern/gateway/auth"
	"lectern/web/api"
)

// cookieName is that of the browser's token. With the prefix a browser takes it
// over TLS only and from no other host (RFC 6265bis section 4.1.3).
func (s *Server) cookieName() string {
	if s.public.Scheme == "https" {
		return "__Host-lectern"
	}
	return "lectern"
}

func (s *Server) cookie(token string, expires time.Time) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(), Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: s.public.Scheme == "https", SameSite: http.SameSiteStrictMode,
	}
}

// mostOfBody is what a request's body may be long.
const mostOfBody = 8 << 10

// readJSON reads the body of a call, or answers why it cannot be read.
func (s *Server) readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "Send the body as application/json.")
		return false
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostOfBody))
	if err = body.Decode(v); err == nil {
		if _, more := body.Token(); !errors.Is(more, io.EOF) {
			err = errors.Join(errors.New("there is more behind the JSON"), more)
		}
	}
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		refuse(w, http.StatusRequestEntityTooLarge, "The body is too long.")
	case err != nil:
		refuse(w, http.StatusBadRequest, "The body is no JSON of the form that /api/openapi.yaml describes.")
	}
	if err == nil {
		// The limit of the body would end the context of a call that waits.
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
	return err == nil
}

// signIn takes a code, once, and gives the browser its cookie.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Code string `json:"code"`
		// Instead is who the browser is not to be signed in as any more.
		Instead string `json:"instead"`
	}
	if !s.readJSON(w, r, &body) {
		return
	}
	from := s.from(r)
	code := strings.TrimSpace(body.Code)
	before, is, err := s.signedIn(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if who, good := s.codes.of(code); good && is && who.Login != before.Login && body.Instead != before.Login && s.welcome(r, before) {
		askToSwitch(w, before.Login, who.Login)
		return
	}
	link, ok := s.codes.redeem(code)
	if !ok {
		s.refuseLink(w, from)
		return
	}
	who := link.who
	token, one, gone, err := s.browsers.signIn(who, from.Addr().String(), r.UserAgent())
	if err != nil {
		s.codes.restore(link)
		s.fail(w, r, err)
		return
	}
	for _, oldest := range gone { // whatever becomes of the newer one
		s.sockets.end(who.Login, oldest, errSignedOut)
		_ = s.gateway.Note(api.DoorEvent{Kind: api.SignedOut, Who: who, Browser: oldest, From: tcpAddr(from), Why: api.ForNewer})
	}
	// Who takes the links back and then signs the browsers out finds this one among
	// them, or is found out here.
	if !s.codes.stands(link) {
		if _, err := s.browsers.revoke(who.Login, one.ID); err != nil {
			s.fail(w, r, err)
			return
		}
		s.refuseLink(w, from)
		return
	}
	if err := s.gateway.Note(api.DoorEvent{Kind: api.SignedIn, Who: who, Browser: one.ID, From: tcpAddr(from)}); err != nil {
		_, undone := s.browsers.revoke(who.Login, one.ID)
		s.codes.restore(link)
		s.fail(w, r, errors.Join(err, undone))
		return
	}
	if is {
		s.replaceSignIn(before, from)
	}
	s.metrics.signIns.WithLabelValues(signInDone).Inc()
	s.opts.Log.Info("a browser has signed in", "login", who.Login, "browser", one.ID, "remote", from)
	http.SetCookie(w, s.cookie(token, one.Expires))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// signedIn is what a browser is signed in as already, if it is.
func (s *Server) signedIn(r *http.Request) (one browser, is bool, err error) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return browser{}, false, nil
	}
	return s.browsers.find(cookie.Value)
}

// welcome tells whether a browser's learner may be here, or that cannot be found
// out: there is nothing to lose for one who may not.
func (s *Server) welcome(r *http.Request, one browser) bool {
	_, err := s.gateway.Still(r.Context(), one.who())
	var refused *api.Refused
	return !errors.As(err, &refused) || refused.Kind != api.Unwelcome
}

// askToSwitch leaves a browser as it is whose learner was led to the link of
// somebody else: what they do from then on would be on that one's account, who can
// look at it (login CSRF). The code stays good.
func askToSwitch(w http.ResponseWriter, from, to string) {
	sendProblem(w, api.Problem{
		Status: http.StatusConflict, SignedInAs: from, LinkOf: to,
		Detail: "This browser is signed in as " + from + ", and the link is of " + to + ". Say whom it replaces: instead.",
	})
}

// replaceSignIn signs out what the same browser was signed in as before: nobody
// has that cookie any more. Where it had to make room, it is gone already.
func (s *Server) replaceSignIn(before browser, from netip.AddrPort) {
	gone, err := s.browsers.revoke(before.Login, before.ID)
	if err != nil {
		s.opts.Log.Warn("could not sign out what a browser was signed in as before", "login", before.Login, "error", err)
	}
	if len(gone) > 0 {
		s.sockets.end(before.Login, before.ID, errReplaced)
		_ = s.gateway.Note(api.DoorEvent{Kind: api.SignedOut, Who: before.who(), Browser: before.ID, From: tcpAddr(from), Why: api.Replaced})
	}
}

// refuseLink answers one who came with a code that stands for nobody.
func (s *Server) refuseLink(w http.ResponseWriter, from netip.AddrPort) {
	_ = s.gateway.Note(api.DoorEvent{Kind: api.LinkRefused, From: tcpAddr(from)})
	if !s.guesses.failed(from.Addr()) {
		s.metrics.signIns.WithLabelValues(signInLimited).Inc()
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusTooManyRequests, "Too many links that do not work came from your address. Make a new one with the command web, or try again in a minute.")
		return
	}
	s.metrics.signIns.WithLabelValues(signInRefused).Inc()
	s.opts.Log.Info("refused a link to the page", "remote", from)
	refuse(w, http.StatusUnauthorized, "This link was used already, or is too old: it works once, for two minutes. Make a new one with the command web.")
}

// visitor is somebody who is signed in, and by which browser.
type visitor struct {
	auth.Identity
	browser browser
}

// asLearner lets in those whose browser is signed in and whose key still counts.
func (s *Server) asLearner(next func(http.ResponseWriter, *http.Request, visitor)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		one, ok, err := s.signedIn(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if !ok {
			s.askToSignIn(w, notSignedIn)
			return
		}
		who, err := s.gateway.Still(r.Context(), one.who())
		var refused *api.Refused
		switch {
		case errors.As(err, &refused) && refused.Kind == api.Unwelcome:
			s.askToSignIn(w, refused.Detail)
			return
		case err != nil:
			s.fail(w, r, err)
			return
		}
		next(w, r, visitor{who, one})
	}
}

const notSignedIn = "You are not signed in here. The command web, over ssh, prints a link that signs you in."

// askToSignIn says why, and how, in the parts of the command.
func (s *Server) askToSignIn(w http.ResponseWriter, why string) {
	sendProblem(w, api.Problem{Status: http.StatusUnauthorized, Detail: why, SSHLogin: s.opts.SSHLogin, SSHPort: s.opts.SSHPort})
}

func (s *Server) me(w http.ResponseWriter, _ *http.Request, v visitor) {
	answer(w, http.StatusOK, api.Me{
		Login: v.Login, Admin: v.Admin, SignedIn: v.browser.SignedIn, Expires: v.browser.Expires, Recorded: s.gateway.Recorded(),
		SSHLogin: s.opts.SSHLogin, SSHPort: s.opts.SSHPort,
	})
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, v visitor) {
	if _, err := s.Revoke(v.Login, v.browser.ID); err != nil {
		s.fail(w, r, err)
		return
	}
	_ = s.gateway.Note(api.DoorEvent{Kind: api.SignedOut, Who: v.Identity, Browser: v.browser.ID, From: tcpAddr(s.from(r)), Why: api.FromPage})
	http.SetCookie(w, s.cookie("", time.Unix(1, 0)))
	w.WriteHeader(http.StatusNoContent)
}
