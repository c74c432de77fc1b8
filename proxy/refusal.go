package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// reason is why a request is refused, as metrics and the log name it.
type reason string

const (
	badPath       reason = "path"
	badMethod     reason = "method"
	badQuery      reason = "query"
	badHeader     reason = "header"
	badCredential reason = "credential"
	tokenInvalid  reason = "token"
	tokenExpired  reason = "token_expired"
	tokenMoved    reason = "token_address"
	noKey         reason = "no_key"
	stopping      reason = "stopping"
	tooManyAtOnce reason = "concurrency"
	tooFast       reason = "rate"
	tooManyTries  reason = "tries"
	tooManyConns  reason = "connections"
	overBudget    reason = "budget"
	budgetUnknown reason = "budget_unknown"
	noLength      reason = "length"
	tooLarge      reason = "size"
	noRoom        reason = "memory"
	badEncoding   reason = "encoding"
	cutBody       reason = "cut_body"
	badJSON       reason = "json"
	badTool       reason = "tool"
	badModel      reason = "model"
	reachesOut    reason = "reaches_out"

	// These are no fault of who asked.
	upstreamDown   reason = "upstream_unreachable"
	upstreamSilent reason = "upstream_timeout"
	upstreamOdd    reason = "upstream_answer"
	keyUnknown     reason = "status_401"
	keyForbidden   reason = "status_403"
)

// reasons are all of the proxy's own.
var reasons = []reason{
	badPath, badMethod, badQuery, badHeader, badCredential, tokenInvalid, tokenExpired, tokenMoved, noKey, stopping,
	tooManyAtOnce, tooFast, tooManyTries, tooManyConns, overBudget, budgetUnknown, noLength, tooLarge, noRoom,
	badEncoding, cutBody, badJSON, badTool, badModel, reachesOut,
}

// refusal is an answer of the proxy's own, in the shape of the API's errors.
type refusal struct {
	status  int
	kind    string // the API's word for it
	reason  reason
	message string // one sentence: what is wrong and what to do

	retryAfter time.Duration // 0: not said
	neverRetry bool
	quiet      bool // a question that clients ask unasked
}

func invalid(why reason, format string, args ...any) *refusal {
	return &refusal{
		status: http.StatusBadRequest, kind: "invalid_request_error",
		reason: why, message: fmt.Sprintf(format, args...),
	}
}

// forbidden is for what the lab does not allow. It is no permission_error, at
// which Claude Code sends the learner to a command that would log them in.
func forbidden(why reason, format string, args ...any) *refusal {
	return &refusal{
		status: http.StatusBadRequest, kind: "invalid_request_error",
		reason: why, message: fmt.Sprintf(format, args...),
	}
}

func unavailable(status int, why reason, format string, args ...any) *refusal {
	return &refusal{status: status, kind: "api_error", reason: why, message: fmt.Sprintf(format, args...)}
}

// errorBody is the API's shape of an error.
type errorBody struct {
	Type  string `json:"type"`
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"error"`
	RequestID string `json:"request_id,omitempty"`
}

func errorText(kind, message, id string) []byte {
	body := errorBody{Type: "error", RequestID: id}
	body.Error.Type, body.Error.Message = kind, message
	text, _ := json.Marshal(body) // strings always encode
	return append(text, '\n')
}

// write answers with the refusal. id is what the log calls the request.
func (f *refusal) write(w http.ResponseWriter, id string) {
	text := errorText(f.kind, f.message, id)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Request-Id", id)
	h.Set("Cache-Control", "no-store")
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((f.retryAfter+time.Second-1)/time.Second), 10))
	}
	if f.neverRetry {
		h.Set("X-Should-Retry", "false")
	}
	if f.status == http.StatusMethodNotAllowed {
		h.Set("Allow", http.MethodPost)
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(text) // a client that has gone needs no answer
}
