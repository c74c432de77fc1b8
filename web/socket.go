package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	// mostOfFrame is what a message of the page may be long. It pastes in pieces.
	mostOfFrame = 64 << 10
	// closingFor is how long a page may take for the words with which it is left.
	closingFor = 5 * time.Second
)

// socket joins a WebSocket to a terminal of the gateway.
func (s *Server) socket(w http.ResponseWriter, r *http.Request, v visitor) {
	s.open.Add(1)
	defer s.open.Done()
	if s.ctx.Err() != nil {
		refuse(w, http.StatusServiceUnavailable, errRestart.Error())
		return
	}
	if offered := strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","); offered != "" && !offers(offered, subprotocol) {
		refuse(w, http.StatusBadRequest, "This WebSocket speaks "+subprotocol+".")
		return
	}
	// guard has compared the Origin, more strictly than the library does.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return // the library has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(mostOfFrame)
	// The request's own context does not outlive its becoming a WebSocket.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	defer cancel(nil)
	defer context.AfterFunc(s.ctx, func() { cancel(errRestart) })()
	leave, err := s.sockets.enter(v, cancel)
	if err != nil {
		_ = conn.Close(websocket.StatusTryAgainLater, err.Error())
		return
	}
	defer leave()
	l := &line{
		server: s, conn: conn, visitor: v, session: r.URL.Query().Get("sessionId"), from: tcpAddr(s.from(r)),
		acknowledges: conn.Subprotocol() == subprotocol,
		flow:         newFlow(), typed: newTyped(), sizes: make(chan size, 1), pings: make(chan struct{}, 1),
	}
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		cancel(l.read())
	}()
	ended, err := l.serve(ctx, cancel)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	l.leave(ended, err)
	<-reading
}

func offers(list, protocol string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(one string) bool { return strings.TrimSpace(one) == protocol })
}

// The causes for which a line ends before its terminal does. Those that are for
// the page are sentences.
var (
	errPageGone  = errors.New("the page has gone")
	errRestart   = sentence("The gateway is restarting. Your session is kept: this comes back by itself.")
	errSignedOut = sentence("This browser was signed out. The command web, over ssh, prints a link that signs it in again.")
	errNoSize    = sentence("The first message has to be a resize that says how large the terminal is.")
	errTooMuch   = sentence("More was typed than the sandbox takes: paste less at once.")
	errAcks      = sentence("More was acknowledged than was sent.")
)

// sentence is an error that is shown to a person as it is.
type sentence string

func (s sentence) Error() string { return string(s) }

// leave tells the page why its terminal has ended, and closes the socket.
func (l *line) leave(ended sessionEnd, err error) {
	code := websocket.StatusNormalClosure
	var words sentence
	switch {
	case err == nil:
	case errors.Is(err, errPageGone):
		_ = l.conn.CloseNow() // there is nobody to tell
		return
	case errors.Is(err, errRestart):
		code, ended = websocket.StatusGoingAway, sessionEnd{Reason: errRestart.Error(), Again: true}
	case errors.As(err, &words):
		code, ended = websocket.StatusPolicyViolation, sessionEnd{Reason: string(words)}
	default:
		l.server.opts.Log.Error("a terminal of the page ended by a fault", "login", l.visitor.Login, "error", err)
		code, ended = websocket.StatusInternalError, sessionEnd{Reason: "Something went wrong here. Connect again.", Again: true}
	}
	ended.Type = "session_end"
	ctx, cancel := context.WithTimeout(context.Background(), closingFor)
	defer cancel()
	if l.send(ctx, ended) == nil {
		_ = l.conn.Close(code, shortReason(ended.Reason)) // waits for the page's answer
	}
	_ = l.conn.CloseNow()
}

// shortReason fits a reason into a close frame (RFC 6455 section 5.5).
func shortReason(reason string) string {
	const most = 123
	if len(reason) <= most {
		return reason
	}
	return strings.ToValidUTF8(reason[:most], "")
}
