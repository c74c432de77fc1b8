package web

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
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
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "Send the body as application/json.")
		return false
	}
	err = json.NewDecoder(http.MaxBytesReader(w, r.Body, mostOfBody)).Decode(v)
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		refuse(w, http.StatusRequestEntityTooLarge, "The body is too long.")
	case err != nil:
		refuse(w, http.StatusBadRequest, "The body is no JSON of the form that /api/openapi.yaml describes.")
	}
	return err == nil
}

// signIn takes a code, once, and gives the browser its cookie.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	var body struct{ Code string }
	if !readJSON(w, r, &body) {
		return
	}
	from := s.from(r)
	if !s.guesses.may(from.Addr()) {
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusTooManyRequests, "Too many links that do not work came from your address. Try again in a minute.")
		return
	}
	who, ok := s.codes.redeem(strings.TrimSpace(body.Code))
	if !ok {
		s.guesses.failed(from.Addr())
		s.opts.Log.Info("refused a link to the page", "remote", from)
		refuse(w, http.StatusUnauthorized, "This link was used already, or is too old: it works once, for two minutes. Make a new one with the command web.")
		return
	}
	token, one, err := s.browsers.signIn(who, from.Addr().String(), r.UserAgent())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.opts.Log.Info("a browser has signed in", "login", who.Login, "browser", one.ID, "remote", from)
	http.SetCookie(w, s.cookie(token, one.Expires))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// visitor is somebody who is signed in, and by which browser.
type visitor struct {
	auth.Identity
	browser browser
}

// asLearner lets in those whose browser is signed in and whose key still counts.
func (s *Server) asLearner(next func(http.ResponseWriter, *http.Request, visitor)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(s.cookieName())
		if err != nil {
			s.askToSignIn(w)
			return
		}
		one, ok, err := s.browsers.find(cookie.Value)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if !ok {
			s.askToSignIn(w)
			return
		}
		who, err := s.gateway.Still(r.Context(), one.who())
		if err != nil {
			s.fail(w, r, err)
			return
		}
		next(w, r, visitor{who, one})
	}
}

// askToSignIn says how, in words and in the parts of the command.
func (s *Server) askToSignIn(w http.ResponseWriter) {
	sendProblem(w, api.Problem{
		Status: http.StatusUnauthorized, Detail: "You are not signed in here. The command web, over ssh, prints a link that signs you in.",
		SSHLogin: s.opts.SSHLogin, SSHPort: s.opts.SSHPort,
	})
}

func (s *Server) me(w http.ResponseWriter, _ *http.Request, v visitor) {
	answer(w, http.StatusOK, api.Me{
		Login: v.Login, Admin: v.Admin, SignedIn: v.browser.SignedIn, Expires: v.browser.Expires, Recorded: s.gateway.Recorded(),
	})
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, v visitor) {
	if _, err := s.Revoke(v.Login, v.browser.ID); err != nil {
		s.fail(w, r, err)
		return
	}
	http.SetCookie(w, s.cookie("", time.Unix(1, 0)))
	w.WriteHeader(http.StatusNoContent)
}
