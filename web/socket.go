package web

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"lectern/web/api"
)

// mostOfFrame is what a message of the page may be long. It pastes in pieces.
const mostOfFrame = 64 << 10

// socket joins a WebSocket to a terminal of the gateway.
func (s *Server) socket(w http.ResponseWriter, r *http.Request, v visitor) {
	if !s.enter() {
		s.fail(w, r, &api.Refused{Kind: api.Unavailable, Detail: errRestart.Error()})
		return
	}
	defer s.open.Done()
	if offered := strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","); offered != "" && !offers(offered, subprotocol) {
		refuse(w, http.StatusBadRequest, "This WebSocket speaks "+subprotocol+".")
		return
	}
	epoch, err := epochOf(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "The epoch is a positive number, of a place that this page was told of.")
		return
	}
	// The request's own context does not outlive its becoming a WebSocket.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	defer cancel(nil)
	defer context.AfterFunc(s.ctx, func() { cancel(errRestart) })()
	// Before it is one: those that are too many would all be open otherwise.
	place, tooMany := s.sockets.enter(v, cancel)
	if tooMany != nil {
		tooMany = &api.Refused{Kind: api.Unavailable, Detail: tooMany.Error()}
	}
	if place == nil {
		s.fail(w, r, tooMany)
		return
	}
	defer place.leave()
	taken := &takenOver{ResponseWriter: w}
	// guard has compared the Origin, more strictly than the library does.
	conn, err := websocket.Accept(taken, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return // the library has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(-1) // read has a limit of its own, whose words are for people
	l := &line{
		server: s, conn: conn, tcp: taken.conn, visitor: v, session: r.URL.Query().Get("sessionId"), epoch: epoch, from: tcpAddr(s.from(r)),
		acknowledges: conn.Subprotocol() == subprotocol,
		flow:         newFlow(), typed: newTyped(place.typed), sizes: make(chan size, 1), pings: make(chan struct{}, 1),
	}
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		cancel(l.read())
	}()
	ended, err := sessionEnd{}, tooMany
	if err == nil {
		ended, err = l.admitted(ctx, cancel)
	}
	l.typed.close() // nobody takes what comes behind
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	l.leave(ended, err)
	<-reading
}

// epochOf is what a page comes back from; 0 where it does not say.
func epochOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("epoch")
	if text == "" {
		return 0, nil
	}
	epoch, err := strconv.ParseUint(text, 10, 31)
	if err == nil && epoch == 0 {
		err = strconv.ErrRange
	}
	return int(epoch), err
}

// admitted serves a line that is counted in.
func (l *line) admitted(ctx context.Context, cancel context.CancelCauseFunc) (ended sessionEnd, err error) {
	// Whoever was signed out before the line was counted in has missed it.
	switch _, ok, err := l.server.browsers.find(l.visitor.browser.token); {
	case err != nil:
		return ended, err
	case !ok:
		return ended, errSignedOut
	}
	return l.serve(ctx, cancel)
}

// enter counts in what runs for a WebSocket, unless the server is stopping.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.open.Add(1)
	return true
}

func offers(list, protocol string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(one string) bool { return strings.TrimSpace(one) == protocol })
}

// takenOver keeps the connection that a WebSocket takes over.
type takenOver struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack is http.Hijacker's.
func (t *takenOver) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(t.ResponseWriter).Hijack()
	t.conn = conn
	return conn, buffered, err
}

// The causes for which a line ends before its terminal does. Those that are for
// the page are sentences.
var (
	errPageGone  = errors.New("the page has gone")
	errRestart   = sentence("The gateway is restarting. Your session is kept: this comes back by itself.")
	errSignedOut = sentence("This browser was signed out. The command web, over ssh, prints a link that signs it in again.")
	errReplaced  = sentence("This browser was signed in anew, by a newer link.")
	errExpired   = sentence("This browser was signed in for as long as that lasts. The command web, over ssh, prints a link that signs it in again.")
	errNoSize    = sentence("The first message has to be a resize that says how large the terminal is.")
	errTooMuch   = sentence("More was typed than the sandbox takes: paste less at once.")
	errTooBig    = sentence("A message of more than 64 KiB is too long: send it in pieces.")
	errAcks      = sentence("More was acknowledged than was sent.")
)

// sentence is an error that is shown to a person as it is.
type sentence string

func (s sentence) Error() string { return string(s) }

// leave tells the page why its terminal has ended, and closes the socket.
func (l *line) leave(ended sessionEnd, err error) {
	if err != nil {
		if errors.Is(err, errPageGone) {
			_ = l.conn.CloseNow() // there is nobody to tell
			return
		}
		ended = l.endBy(err)
	}
	if ended.code == 0 {
		ended.code = websocket.StatusNormalClosure
	}
	ended.Type = "session_end"
	limit := time.Now().Add(l.server.pace.closing)
	ctx, cancel := context.WithDeadline(context.Background(), limit)
	defer cancel()
	if l.send(ctx, ended) == nil {
		// Close waits for the page's answer behind all that the page still sends, and
		// in the middle of a message it would do so for ever.
		_ = l.tcp.SetDeadline(limit)
		_ = l.conn.Close(ended.code, shortReason(ended.Reason))
	}
	_ = l.conn.CloseNow()
}
