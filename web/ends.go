package web

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coder/websocket"
	"golang.org/x/crypto/ssh"

	"lectern/web/api"
)

// sessionEnd tells the page that its terminal has ended.
type sessionEnd struct {
	Type   string `json:"type"`
	Reason string `json:"reason"`
	// Again is set where to connect again by itself makes sense.
	Again bool `json:"again"`
	// code closes the WebSocket; 0 is a normal end.
	code websocket.StatusCode
}

// statusRestart is with what status a gateway ends a session that may come back
// at once (EX_TEMPFAIL of sysexits).
const statusRestart = 75

// endOf says how a terminal has ended.
func endOf(err error, words string) sessionEnd {
	var status *ssh.ExitError
	switch {
	case err == nil && words == "":
		return sessionEnd{Reason: "You have left."}
	case err == nil:
		return sessionEnd{Reason: words}
	case errors.As(err, &status) && words != "":
		if status.ExitStatus() == statusRestart {
			return sessionEnd{Reason: words, Again: true, code: websocket.StatusGoingAway}
		}
		return sessionEnd{Reason: words}
	case errors.As(err, &status):
		return sessionEnd{Reason: fmt.Sprintf("The session has ended with status %d.", status.ExitStatus())}
	}
	return sessionEnd{Reason: "The connection to the gateway was lost.", Again: true, code: websocket.StatusInternalError}
}

// refusedEnd says what a gateway has refused. What there is too little of there
// may be enough of in a moment.
func refusedEnd(refused *ssh.OpenChannelError) sessionEnd {
	end := sessionEnd{Reason: asSentence(refused.Message), code: websocket.StatusPolicyViolation}
	if refused.Reason == ssh.ResourceShortage {
		end.Again, end.code = true, websocket.StatusTryAgainLater
	}
	return end
}

// asSentence gives words of the gateway the form of a sentence.
func asSentence(words string) string {
	first, n := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(words[n:], ".") + "."
}

// endBy says how a line ends that something else than its terminal ends.
func (l *line) endBy(err error) sessionEnd {
	var words sentence
	var refused *api.Refused
	switch {
	case errors.Is(err, errRestart):
		return sessionEnd{Reason: errRestart.Error(), Again: true, code: websocket.StatusGoingAway}
	case errors.Is(err, errReplaced):
		return sessionEnd{Reason: errReplaced.Error(), Again: true, code: websocket.StatusGoingAway}
	case errors.Is(err, errTooBig):
		return sessionEnd{Reason: errTooBig.Error(), code: websocket.StatusMessageTooBig}
	case errors.As(err, &words):
		return sessionEnd{Reason: string(words), code: websocket.StatusPolicyViolation}
	case errors.As(err, &refused) && refused.Kind == api.Unavailable:
		return sessionEnd{Reason: refused.Detail, Again: true, code: websocket.StatusTryAgainLater}
	case errors.As(err, &refused):
		return sessionEnd{Reason: refused.Detail, code: websocket.StatusPolicyViolation}
	}
	l.server.opts.Log.Error("a terminal of the page ended by a fault", "login", l.visitor.Login, "error", err)
	return sessionEnd{Reason: "Something went wrong here. Connect again.", Again: true, code: websocket.StatusInternalError}
}

// shortReason fits a reason into a close frame (RFC 6455 section 5.5).
func shortReason(reason string) string {
	const most = 123
	if len(reason) <= most {
		return reason
	}
	return strings.ToValidUTF8(reason[:most], "")
}
