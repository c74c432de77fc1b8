package gateway

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"lectern/gateway/auth"
	"lectern/sandbox"
	"lectern/tui"
)

// session is one SSH session channel (RFC 4254 section 6): what the client
// asked for, and both directions of its terminal.
//
// It reads the channel's requests itself instead of using ssh.Session, because
// it needs three things that type does not give: the channel without newline
// translation, a context of the channel and not of the whole connection, and
// window sizes that nobody has to drain.
type session struct {
	server  *Server
	channel gossh.Channel
	ctx     context.Context
	who     auth.Identity
	user    string   // the login name that the client gave
	remote  string   // the client's address
	page    follower // the browser page whose terminal this is; nil for no page
	gate    *gate
	window  window
	hasPTY  bool
	tooBig  bool
	term    string
	environ []string
	remarks []string // requests that were refused, in words

	background  tui.Background // of the terminal, once it has told
	sinceNotice time.Time      // stages finished later are news
	studied     tui.Place      // the stage of the last sandbox
	made        string         // the session of the sandbox that was asked for last, until it is joined
	showing     sessionKind    // as the metrics count it
	exit        sync.Once
}

// hugeCols and hugeRows bound a terminal that can be meant seriously. Up to
// them a size is cut to what the screens can use; beyond, it is refused,
// because it is an attack or a fault.
const (
	hugeCols = 4 * sandbox.MaxCols
	hugeRows = 4 * sandbox.MaxRows
)

// handleSession serves one session channel until it closes.
func (s *Server) handleSession(_ *ssh.Server, conn *gossh.ServerConn, newChannel gossh.NewChannel, ctxOfConn ssh.Context) {
	who, err := identityOf(conn.Permissions)
	if err != nil {
		_ = newChannel.Reject(gossh.Prohibited, err.Error())
		return
	}
	if !s.enter() {
		_ = newChannel.Reject(gossh.ResourceShortage, "the gateway is shutting down; connect again in a moment")
		return
	}
	defer s.leave()
	line := connectionOf(ctxOfConn)
	leave, err := s.places.take(who.Login, line)
	if err != nil {
		s.metrics.sessionsRefused.count(boundOf(err))
		_ = newChannel.Reject(gossh.ResourceShortage, err.Error())
		return
	}
	defer leave()
	line.began()
	defer line.ended(s.KeepAlive)
	s.keepAlive(ctxOfConn, conn)
	channel, requests, err := newChannel.Accept()
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	sess := &session{
		server: s, channel: channel, ctx: ctx, who: who,
		user: conn.User(), remote: conn.RemoteAddr().String(), page: line.page(), gate: newGate(), sinceNotice: time.Now(),
	}
	var running sync.WaitGroup
	defer running.Wait()
	defer func() { _ = channel.Close() }() // ends the reading of the gate
	defer sess.gate.close()
	defer cancel(errClientGone)
	started := false
	start := func(run func()) {
		started = true
		running.Go(func() { sess.gate.fill(channel) })
		running.Go(run)
	}
	late := time.NewTimer(s.HandshakeTimeout)
	defer late.Stop()
	for {
		select {
		case <-late.C:
			if !started {
				start(func() { sess.end(1) })
			}
		case request, more := <-requests:
			if !more {
				return
			}
			run, ok := sess.request(request, started)
			if request.WantReply {
				_ = request.Reply(ok, nil)
			}
			if run != nil {
				start(func() { sess.run(run) })
			}
		}
	}
}

var (
	errClientGone = errors.New("the client has left")
	errShutdown   = errors.New("the gateway is shutting down")
)

// request answers one channel request. It returns what to run where the
// request starts the session.
func (s *session) request(r *gossh.Request, started bool) (run func() int, ok bool) {
	switch r.Type {
	case "window-change":
		var m struct{ Cols, Rows, Width, Height uint32 }
		if gossh.Unmarshal(r.Payload, &m) != nil {
			return nil, false
		}
		if m.Cols > hugeCols || m.Rows > hugeRows {
			return nil, false
		}
		s.window.set(sandbox.Size{Cols: int(m.Cols), Rows: int(m.Rows)}.Clamp())
		return nil, true
	case "signal": // the terminal's own keys do all that is needed
		return nil, true
	}
	if started {
		return nil, false
	}
	switch r.Type {
	case "pty-req":
		return nil, s.requestPTY(r.Payload)
	case "env":
		var m struct{ Name, Value string }
		return nil, gossh.Unmarshal(r.Payload, &m) == nil && s.setenv(m.Name, m.Value)
	case "shell":
		return s.shell, true
	case "exec":
		var m struct{ Command string }
		if gossh.Unmarshal(r.Payload, &m) != nil {
			return nil, false
		}
		return func() int { return s.execute(m.Command) }, true
	case "subsystem":
		var m struct{ Name string }
		if gossh.Unmarshal(r.Payload, &m) != nil {
			return nil, false
		}
		return func() int {
			return s.refuse("%s is not available here: this server runs tutors and moves no files.", clean(m.Name))
		}, true
	case "x11-req":
		s.remark("X11 forwarding is refused here; the session goes on without it.")
	case "auth-agent-req@openssh.com":
		s.remark("Agent forwarding is refused here; the session goes on without it.")
	}
	return nil, false
}

// remark keeps a sentence for the person, once however often a client asks.
func (s *session) remark(sentence string) {
	if !slices.Contains(s.remarks, sentence) {
		s.remarks = append(s.remarks, sentence)
	}
}

// requestPTY notes the terminal's type and size (RFC 4254 section 6.2).
func (s *session) requestPTY(payload []byte) bool {
	var m struct {
		Term                      string
		Cols, Rows, Width, Height uint32
		Modes                     string
	}
	if s.hasPTY || gossh.Unmarshal(payload, &m) != nil {
		return false
	}
	s.hasPTY = true
	s.term = terminalType(m.Term)
	// Refused in words by run: a refused pty-req shows the client's own words.
	s.tooBig = m.Cols > hugeCols || m.Rows > hugeRows
	s.window.set(sandbox.Size{Cols: int(min(m.Cols, hugeCols)), Rows: int(min(m.Rows, hugeRows))}.Clamp())
	return true
}

var soundTerminalType = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$`)

// terminalType is the client's TERM, or what every terminal of today
// understands where that is empty or no name at all.
func terminalType(name string) string {
	if !soundTerminalType.MatchString(name) {
		return "xterm-256color"
	}
	return name
}

// setenv takes the few variables that say how the learner's terminal looks.
func (s *session) setenv(name, value string) bool {
	switch name {
	case "COLORTERM", "NO_COLOR", "TERM_PROGRAM":
	default:
		return false
	}
	if len(s.environ) >= 8 || len(value) > 64 || clean(value) != value {
		return false
	}
	s.environ = append(s.environ, name+"="+value)
	return true
}

// terminalEnviron is what programs need to know about the learner's terminal.
func (s *session) terminalEnviron() []string {
	return append([]string{"TERM=" + s.term}, s.environ...)
}

// run serves the session and ends the channel with run's status. A fault in
// one session ends that session only.
func (s *session) run(run func() int) {
	defer s.shows(s.cameAs())()
	defer func() {
		if fault := recover(); fault != nil {
			s.server.log.Error("a session failed", "login", s.who.Login, "fault", fault, "stack", stack())
			s.say("Something went wrong in this session. Please connect again.")
			s.end(1)
		}
	}()
	for _, remark := range s.remarks {
		s.say(remark)
	}
	if s.tooBig {
		s.end(s.refuse("Your terminal says that it is larger than %d×%d cells: make the window smaller and connect again.", hugeCols, hugeRows))
		return
	}
	s.end(run())
}

// end tells the client the exit status (RFC 4254 section 6.10) and closes.
func (s *session) end(status int) {
	s.exit.Do(func() {
		message := gossh.Marshal(struct{ Status uint32 }{uint32(status)})
		_, _ = s.channel.SendRequest("exit-status", false, message)
		_ = s.channel.Close()
	})
}

// say prints a line for the person, beside the output.
func (s *session) say(line string) {
	_, _ = fmt.Fprintf(s.channel.Stderr(), "%s\r\n", line)
}

// refuse says why not and returns the status for it.
func (s *session) refuse(format string, args ...any) int {
	s.say(fmt.Sprintf(format, args...))
	return 1
}

// clean drops what a terminal could act upon from text that a client sent, and
// cuts it to a length that fits into a sentence.
func clean(text string) string {
	text = harmless(text)
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return text
}

// harmless drops what a terminal could act upon from a sentence of our own that
// may quote what a client sent.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r <= 0x9f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}
