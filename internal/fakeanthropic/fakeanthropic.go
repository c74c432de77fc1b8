// Package fakeanthropic is a stand-in for the model's API in tests and
// benchmarks: it plays a script, keeps what it was asked, and can fail in each
// way in which the API fails. It is good enough for the real Claude Code to hold
// a lesson with.
//
// It knows the API from its documentation, and nothing of Lectern: so it can
// tell whether the proxy keeps to the API.
package fakeanthropic

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// API is the fake, as a handler.
type API struct {
	key string
	mux *http.ServeMux

	mu       sync.Mutex
	script   []*Step
	requests []Request
	arrived  chan struct{} // closed and made anew with each request
}

// New makes an API that takes one key and plays the steps.
func New(key string, steps ...Step) *API {
	a := &API{key: key, mux: http.NewServeMux(), arrived: make(chan struct{})}
	a.Play(steps...)
	a.mux.HandleFunc("POST /v1/messages", a.messages)
	a.mux.HandleFunc("POST /v1/messages/count_tokens", a.countTokens)
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, Failure{Status: http.StatusNotFound, Type: "not_found_error", Message: "Not found"})
	})
	return a
}

// Server is the fake at an address of its own.
type Server struct {
	*API
	URL string
}

// NewServer serves a new API on loopback until the test ends.
func NewServer(t testing.TB, key string, steps ...Step) *Server {
	t.Helper()
	a := New(key, steps...)
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	return &Server{API: a, URL: s.URL}
}

// maxBody is what the API takes, as documented.
const maxBody = 32 << 20

// ServeHTTP answers like the API, down to headers that nobody else should see.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := read(http.MaxBytesReader(w, r.Body, maxBody), r)
	a.note(request)
	identify(w.Header())
	switch given := r.Header.Get("X-Api-Key"); {
	case err != nil:
		fail(w, Failure{Status: http.StatusRequestEntityTooLarge, Type: "request_too_large", Message: "Request exceeds the maximum size"})
	case given == "":
		fail(w, Failure{Status: http.StatusUnauthorized, Type: "authentication_error", Message: "x-api-key header is required"})
	case given != a.key:
		fail(w, Failure{Status: http.StatusUnauthorized, Type: "authentication_error", Message: "invalid x-api-key"})
	default:
		a.mux.ServeHTTP(w, r.WithContext(with(r.Context(), request)))
	}
}

func (a *API) messages(w http.ResponseWriter, r *http.Request) {
	request := from(r.Context())
	if r.Header.Get("Anthropic-Version") == "" {
		fail(w, invalid("anthropic-version: header is required"))
		return
	}
	if request.problem != "" {
		fail(w, invalid(request.problem))
		return
	}
	step := a.next(request)
	if step.Hold != nil {
		select {
		case <-step.Hold:
		case <-r.Context().Done():
			return
		}
	}
	if step.Fail != nil {
		fail(w, *step.Fail)
		return
	}
	said := compose(request.Model, step)
	if request.Stream {
		send(w, r, said.pieces(step), step.Pause)
		return
	}
	writeJSON(w, http.StatusOK, said)
}

func (a *API) countTokens(w http.ResponseWriter, r *http.Request) {
	request := from(r.Context())
	if request.problem != "" && request.problem != noLimit {
		fail(w, invalid(request.problem))
		return
	}
	writeJSON(w, http.StatusOK, map[string]int{"input_tokens": len(request.Body)/4 + 1})
}

// Failure is an answer of the API that is none.
type Failure struct {
	Status        int
	Type, Message string
	// RetryAfter is the header of this name, in seconds.
	RetryAfter string
}

// The failures that clients have to live with.
var (
	RateLimited = Failure{Status: http.StatusTooManyRequests, Type: "rate_limit_error", Message: "This request would exceed your organization's rate limit", RetryAfter: "1"}
	Overloaded  = Failure{Status: 529, Type: "overloaded_error", Message: "Overloaded"}
	Unknown     = Failure{Status: http.StatusUnauthorized, Type: "authentication_error", Message: "invalid x-api-key"}
)

func invalid(message string) Failure {
	return Failure{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: message}
}

// shape is an error as the API writes it.
func (f Failure) shape(requestID string) map[string]any {
	shape := map[string]any{"type": "error", "error": map[string]string{"type": f.Type, "message": f.Message}}
	if requestID != "" {
		shape["request_id"] = requestID
	}
	return shape
}

func fail(w http.ResponseWriter, f Failure) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	w.Header().Set("X-Should-Retry", fmt.Sprint(f.Status == http.StatusTooManyRequests || f.Status > 500))
	writeJSON(w, f.Status, f.shape(w.Header().Get("Request-Id")))
}

func writeJSON(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, marshal(content)) // a client that left reads nothing
}
