package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"lectern/web/api"
)

// statusOf is the status of each kind of refusal.
var statusOf = map[api.RefusedKind]int{
	api.NotFound: http.StatusNotFound, api.Forbidden: http.StatusForbidden, api.Conflict: http.StatusConflict,
	api.Unavailable: http.StatusServiceUnavailable, api.Unwelcome: http.StatusUnauthorized,
}

// refuse answers with a problem (RFC 9457); detail says what to do.
func refuse(w http.ResponseWriter, status int, detail string) {
	sendProblem(w, api.Problem{Status: status, Detail: detail})
}

func sendProblem(w http.ResponseWriter, p api.Problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// refuseMethod answers who calls what is there by another method than it has.
func refuseMethod(allowed []string) http.HandlerFunc {
	methods := strings.Join(allowed, ", ")
	methods = strings.Replace(methods, http.MethodGet, http.MethodGet+", "+http.MethodHead, 1)
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", methods)
		refuse(w, http.StatusMethodNotAllowed, "There is no "+r.Method+" of this: use "+strings.ReplaceAll(methods, ", ", " or ")+".")
	}
}

// fail answers with what a gateway has refused, or says that it has a fault.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var refused *api.Refused
	switch {
	case r.Context().Err() != nil: // nobody listens
	case errors.As(err, &refused):
		if refused.Kind == api.Unavailable {
			w.Header().Set("Retry-After", "30")
		}
		refuse(w, statusOf[refused.Kind], refused.Detail)
	default:
		s.opts.Log.Error("the page could not answer", "path", r.URL.Path, "error", err)
		refuse(w, http.StatusInternalServerError, "Something went wrong here. Try again in a moment.")
	}
}

// answer sends v as JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
